/** The organisation that is there from the start, and that is meant where nobody names one. */
export const rootOrganisation = "Root";
