#!/usr/bin/env python3
"""logged.py FILE: what reader.py should print, made of nothing but the log's lines: each parsed
anew, its customer (a userId, or another who has none) numbered as he came, and all sorted by
customer, time and message id.
logged.py - does so with the lines of standard input."""
import json, sys
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext

from reader import File, line, show, unpack


def number(text):
    with localcontext() as context:
        context.prec = 60
        return Decimal(text).quantize(Decimal('0.000001'), ROUND_HALF_UP)


def as_text(value):
    return show(value) if isinstance(value, Decimal) else value


def flat(values, keep_null, prefix=''):
    """Objects inside objects are names with dots between them; of doubles the last is kept."""
    found = {}
    for name, value in values or []:
        if isinstance(value, Pairs):
            found |= flat(value, keep_null, f'{prefix}{name}.')
        elif value is not None or keep_null:
            is_list = isinstance(value, list)
            found[prefix + name] = [item if isinstance(item, str) else text_of(item)
                                    for item in value] if is_list else value
    return found


class Pairs(list):
    """An object as JSON has it: doubles and order kept."""

    def get(self, name):
        return dict(self).get(name)


def text_of(value):
    if isinstance(value, Pairs):
        return '{' + ','.join(f'{show(k)}:{text_of(v)}' for k, v in value) + '}'
    if isinstance(value, list):
        return '[' + ','.join(text_of(item) for item in value) + ']'
    return show(value)


def event_of(call):
    moment = datetime.fromisoformat(call.get('timestamp') or call.get('originalTimestamp'))
    customer = call.get('userId') if call.get('userId') is not None else call.get('anonymousId')
    ms = (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
    if call.get('type') == 'identify':
        kind, properties, traits = 'identify', {}, call.get('traits')
    else:
        kind, properties = call.get('event'), flat(call.get('properties'), False)
        traits = (call.get('context') or Pairs()).get('traits')
    return as_text(customer), kind, ms, as_text(call.get('messageId')), properties, flat(traits, True)


def logged(path):
    for row in File(path).rows('select codec, bytes, checksum from log order by seq'):
        yield from unpack(*row).decode().split('\n')[:-1]


def main(lines):
    customers, events = {}, []
    for text in lines:
        event = event_of(json.loads(text, object_pairs_hook=Pairs, parse_int=number,
                                    parse_float=number))
        kind = 'userId' in text and json.loads(text).get('userId') is not None
        events.append((customers.setdefault((kind, event[0]), len(customers)), event))
    events.sort(key=lambda one: (one[0], one[1][2], one[1][3].encode()))
    for _, event in events:
        print(line(*event))


main(sys.stdin.read().split('\n')[:-1] if sys.argv[1] == '-' else logged(sys.argv[1]))
