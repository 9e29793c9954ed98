#!/usr/bin/env python3
"""Turns the plain sources in src/*.txt into <slug>.json (LoCoMo form).  Standard library only.

A source holds `@key value` lines (id, language, world, `@who CODE Name` per speaker, first two = speaker_a/_b),
then sessions (`== 1:56 pm on 8 May, 2024`) of turns (`CODE #label: text {caption}`; label and caption optional),
then `== QA` with `category | question | answer | label label ...` (`-` = no evidence).
Evidence is written by label, so that no turn number is counted by hand.
"""
import json, pathlib, re, sys

HERE = pathlib.Path(__file__).resolve().parent
TURN = re.compile(r'(\w+)(?: #([\w-]+))?: (.*?)(?: \{(.+)\})?$')


def convert(path):
    meta, who, conv, qa, labels, n, in_qa = {}, {}, {}, [], {}, 0, False
    used = set()
    for no, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        fail = lambda why: sys.exit(f'{path.name}:{no}: {why}: {line[:80]}')
        if not line.strip():
            continue
        if line.startswith('@who '):
            code, name = line[5:].split(' ', 1)
            who[code] = name.strip()
        elif line.startswith('@'):
            key, value = line[1:].split(' ', 1)
            meta[key] = value.strip()
        elif line == '== QA':
            in_qa = True
        elif line.startswith('== '):
            n += 1
            conv[f'session_{n}_date_time'], conv[f'session_{n}'] = line[3:].strip(), []
        elif in_qa:
            part = [x.strip() for x in line.split(' | ')]
            if len(part) != 4:
                fail('four fields expected')
            labs = [] if part[3] == '-' else part[3].split()
            for lab in labs:
                if lab not in labels:
                    fail(f'unknown label {lab}')
            used.update(labs)
            ev = sorted((labels[x] for x in labs), key=lambda i: tuple(map(int, i[1:].split(':'))))
            qa.append(dict(question=part[1], answer=part[2], evidence=ev, category=int(part[0])))
        else:
            m = TURN.match(line)
            if not m or m[1] not in who:
                fail('not a turn')
            turns = conv[f'session_{n}']
            t = dict(speaker=who[m[1]], dia_id=f'D{n}:{len(turns) + 1}', text=m[3].strip())
            if m[4]:
                t['blip_caption'] = m[4].strip()
            if m[2]:
                if m[2] in labels:
                    fail('label twice')
                labels[m[2]] = t['dia_id']
            turns.append(t)
    names = list(who.values())
    speakers = {f'speaker_{chr(97 + i)}': s for i, s in enumerate(names)}
    for lab in (labels.keys() - used if "-v" in sys.argv else ()):
        print(f'{path.name}: label {lab} is used by no question')
    doc = [dict(sample_id=meta['id'], language=meta['language'], world=meta['world'],
                conversation={**speakers, **conv}, qa=qa)]
    out = HERE / f'{path.stem}.json'
    out.write_text(json.dumps(doc, ensure_ascii=False, indent=1) + '\n', encoding='utf-8')


for p in sorted((HERE / 'src').glob('*.txt')):
    convert(p)
