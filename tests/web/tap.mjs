/* Test Anything Protocol, version 13, for one program. */

let tests = 0;

export function ok(condition, name, detail) {
  tests += 1;
  console.log(`${condition ? 'ok' : 'not ok'} ${tests} - ${name.replaceAll('#', '')}`);
  if (!condition && detail !== undefined)
    for (const line of String(typeof detail === 'string' ? detail : JSON.stringify(detail, null, 1)).split('\n'))
      console.log(`# ${line}`);
  return condition;
}

export const equal = (found, expected, name) =>
  ok(JSON.stringify(found) === JSON.stringify(expected), name,
    `found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);

/* Asks for [found, expected] until they are equal, for half a minute. */
export async function equalInTime(ask, name) {
  const end = Date.now() + 30000;
  let [found, expected] = await ask();
  while (JSON.stringify(found) !== JSON.stringify(expected) && Date.now() < end) {
    await new Promise(later => { setTimeout(later, 100); });
    [found, expected] = await ask();
  }
  return equal(found, expected, name);
}

/* Runs the parts of each lane one after another, the lanes at the same time. A part that could not
 * go on is a test that failed. */
export async function run(lanes, given) {
  console.log('TAP version 13');
  await Promise.all(lanes.map(async parts => {
    for (const part of parts) {
      try {
        await part(given);
      } catch (error) {
        ok(false, `${part.name} comes to its end`, error.stack);
      }
    }
  }));
  console.log(`1..${tests}`);
}
