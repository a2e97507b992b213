/** Texts at most, and characters of one: a text of somebody's without spaces is not worth its room. */
const mostTexts = 4_096;
const longestText = 40;

/** What is made of short texts, made once for all pages, which say much the same. */
export class Remembered<V> {
  private readonly known = new Map<string, V>();

  of(text: string, make: (text: string) => V): V {
    if (text.length > longestText) return make(text);
    const before = this.known.get(text);
    if (before !== undefined) return before;
    const made = make(text);
    if (this.known.size >= mostTexts) this.known.clear();
    this.known.set(text, made);
    return made;
  }
}
