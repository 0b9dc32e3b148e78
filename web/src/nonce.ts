/* The word that this page's Content-Security-Policy asks of every style element. */
export const nonce =
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
