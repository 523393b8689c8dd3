/** Which methods each path knows. */
export const everyMethod = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/** The paths of the main listener with the Allow header of each. */
export const methods: Readonly<Record<string, string>> = {
  "/api/v1/login": "POST",
  "/api/v1/refresh": "POST",
  "/api/v1/logout": "POST",
  "/api/v1/me": "GET, HEAD",
  "/api/v1/sessions": "GET, HEAD",
  "/api/v1/sessions/01a2036c-21cb-7c3c-a61e-584c60070697": "DELETE",
  "/.well-known/jwks.json": "GET, HEAD",
  "/api/v1/me/password": "PUT",
  "/api/v1/password-reset": "POST",
  "/api/v1/me/auth-key": "PUT, GET, HEAD, DELETE",
  "/api/v1/login/challenge": "POST",
  "/api/v1/login/signature": "POST",
  "/api/v1/revoke-tokens": "POST",
  "/healthz": "GET, HEAD",
  "/readyz": "GET, HEAD",
  "/metrics": "GET, HEAD",
  "/openapi.json": "GET, HEAD",
  "/problems/not_found": "GET, HEAD",
  "/sensu/auth": "GET",
  "/sensu/auth/test": "GET",
  "/sensu/auth/token": "POST",
  "/sensu/auth/logout": "POST",
  "/sensu/.well-known/jwks.json": "GET, HEAD",
};
