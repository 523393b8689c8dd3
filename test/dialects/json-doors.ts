/** The doors whose login and refresh are JSON, each in its own words: for tests of what must be alike at all of them. */

export interface JsonDoor {
  readonly product: string;
  readonly login: string;
  readonly refresh: string;
  readonly credentials: (username: string, password: string) => Readonly<Record<string, string>>;
  readonly token: (refreshToken: string) => Readonly<Record<string, string>>;
  /** The tokens of an answer. */
  readonly read: (answer: never) => { readonly access: string; readonly refresh: string };
  /** Status and text of its refusals. */
  readonly notAccepted: string;
  readonly notRefreshed: string;
  readonly lockedOut: (seconds: number) => string;
}

const sentence = (status: number, text: string): string =>
  `${status} ${JSON.stringify({ error: text, message: text })}`;

export const jsonDoors: readonly JsonDoor[] = [
  {
    product: "WEKA",
    login: "/weka/api/v2/login",
    refresh: "/weka/api/v2/login/refresh",
    credentials: (username, password) => ({ username, password }),
    token: (refresh_token) => ({ refresh_token }),
    read: ({ data }: { data: { access_token: string; refresh_token: string } }) => ({
      access: data.access_token,
      refresh: data.refresh_token,
    }),
    notAccepted: '401 {"data":"Unauthorized"}',
    notRefreshed: '401 {"data":"Unauthorized"}',
    lockedOut: (seconds) => `403 {"message":"Too many failed logins: locked out for ${seconds} seconds"}`,
  },
  {
    product: "Textual",
    login: "/textual/api/auth/login",
    refresh: "/textual/api/auth/token_refresh",
    credentials: (userName, password) => ({ userName, password }),
    token: (refreshToken) => ({ refreshToken }),
    read: ({ jwt, refreshToken }: { jwt: string; refreshToken: string }) => ({ access: jwt, refresh: refreshToken }),
    notAccepted: sentence(401, "The user name or password is not right."),
    notRefreshed: sentence(401, "The refresh token is not valid. Log in again."),
    lockedOut: () => sentence(429, "There were too many failed attempts"),
  },
];
