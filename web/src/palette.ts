/* One colour for each stage, by the stage's place in the model. The twelve were searched so
 * that any two differ for people with each kind of colour blindness too, which
 * tests/web/palette.test.mjs computes again. The dark page uses the same hues, lighter. */

export const light = [
  '#808aa0', '#3b9de5', '#263dba', '#6dd3c4', '#278205', '#d5a443',
  '#8a1f28', '#683068', '#d7d12c', '#a2576a', '#b78264', '#7755dc',
];

export const dark = [
  '#9da7bc', '#5fb9ff', '#4667df', '#89e7d9', '#50a33d', '#ecbc64',
  '#b24b4d', '#8e568d', '#e9e555', '#c2788a', '#d39e81', '#9479fb',
];
