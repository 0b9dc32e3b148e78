/* The few pictures on buttons; their buttons carry the words. */

const drawn = (path: string) => () => (
  <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor"
    strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
    <path d={path} />
  </svg>
);

export const Sun = drawn('M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1v1.3M8 13.7V15M1 8h1.3M13.7 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1');
export const Moon = drawn('M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z');
export const Save = drawn('M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11');
export const Table = drawn('M2 3h12v10H2zM2 6.5h12M2 9.8h12M6.5 6.5V13');
export const Search = drawn('M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4 14 14');
export const Cross = drawn('m4 4 8 8M12 4l-8 8');
export const Left = drawn('M10 3 5 8l5 5');
export const Right = drawn('m6 3 5 5-5 5');
export const Check = drawn('m3 8.5 3.2 3.2L13 5');
export const Leave = drawn('M6.5 2.5h-4v11h4M10.5 4.8 13.7 8l-3.2 3.2M6.5 8h7');
export const Plus = drawn('M8 3v10M3 8h10');
export const Up = drawn('m3.5 10 4.5-4.5L12.5 10');
export const Down = drawn('m3.5 6 4.5 4.5L12.5 6');
