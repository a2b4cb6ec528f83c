// What every end of this folder shares: it speaks JSON lines on its standard streams. What it gets is
// the signals of the other end, what it says are signals and events. It ends with its standard input.
import readline from 'node:readline';
import {parseArgs} from 'node:util';

export const options = parseArgs({options: {
  role: {type: 'string'},                       // offer: sends; answer: receives
  bytes: {type: 'string', default: '0'},        // 0: until the end
  message: {type: 'string', default: '65536'},  // bytes in one
  setups: {type: 'string', default: '0'},       // connections one after another, instead of a file
}}).values;
export const offers = options.role === 'offer';
export const bytes = Number(options.bytes) || Infinity;
export const message = Number(options.message);
export const setups = Number(options.setups);

export const say = (object) => process.stdout.write(JSON.stringify(object) + '\n');
export const signal = (object) => say({signal: object});
/// The clock that all processes of the machine share, in ms.
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export function onSignal(take) {
  const lines = readline.createInterface({input: process.stdin});
  lines.on('line', (line) => take(JSON.parse(line)));
  lines.on('close', () => process.exit(0));
}

/// Counts what arrives and tells of it at most ten times a second.
export class Arrivals {
  total = 0;
  told = 0;
  add(size) {
    if (this.total === 0) say({event: 'started'});
    this.total += size;
    const at = now();
    if (this.total >= bytes) {
      say({event: 'received', bytes: this.total});
    } else if (at - this.told >= 100) {
      this.told = at;
      say({event: 'progress', bytes: this.total});
    }
  }
}
