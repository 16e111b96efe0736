/**
 * The bank of a run: so many accounts, each with as much at the beginning. Transfers move money and make none, so whoever sums up
 * all accounts in one snapshot must find the same total at any time, on any member. Recorded runs are judged by these numbers too.
 */
export const bank = {accounts: 8, opening: 1000, total: 8000} as const
