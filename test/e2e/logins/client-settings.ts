/** What the servers of the logins and their clients have agreed on. */
export const ALG = 'RS256'
export const CLIENT_ID = 'orders'
export const CLIENT_SECRET = 'orders-secret-of-staging'
export const CALLBACK = 'https://app.example/callback'
/** The resource that access tokens are for. */
export const API = 'https://api.example/orders'
export const USER = 'ada'
