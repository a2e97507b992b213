/** What is written between backticks in each step of a numbered list below a heading, in order: the names a step gives. */
export function namesInSteps(document: string, heading: string): string[][] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  // A step goes on as long as its lines are indented.
  const steps = section.match(/^\d+\. .*(?:\n {3}.*)*/gm) ?? [];
  return steps.map((step) => Array.from(step.matchAll(/`([^`]+)`/g), ([, name = '']) => name));
}

/** One step as it is followed: every name the document gives in it, and what is done with them. */
export interface Followed<T> {
  names: readonly string[];
  follow: (checkout: T) => Promise<void>;
}
