/** The page's own words: in the document from the first moment, and in the language that `welcome` brings. */

/** Filled in place, so that every module sees the shop's words. */
export const words = JSON.parse(document.getElementById("words").textContent);

export function useWords(given) {
  Object.assign(words, given);
}
