import { test } from "node:test";

import { killRounds } from "./kill-rounds.ts";

test("FL-01, FL-02: three kills under 32 refreshing clients lose no acknowledged token, login or logout, and none works twice", () =>
  killRounds(3));
