#!/usr/bin/env python3
"""Checks every *.json beside this file (LoCoMo form) and prints a table; exit 1 if anything is wrong.  Standard library only.

Folders named as arguments are compared with: no turn, question or sample_id may occur in two files, there or here.
"""
import json, pathlib, re, sys
from collections import Counter
from datetime import datetime

HERE = pathlib.Path(__file__).resolve().parent
CATEGORIES = {1: 'multi', 2: 'temporal', 3: 'open', 4: 'single', 5: 'unanswerable'}
MIN_TURNS, MAX_TURNS, MIN_SESSIONS, MAX_SESSIONS, MIN_QUESTIONS, MAX_QUESTIONS = 100, 200, 8, 30, 25, 75
MIN_WORDS, MAX_WORDS = 1, 130


def check(path):
    bad = []
    say = lambda cond, why: cond or bad.append(f'{path.name}: {why}')
    doc = json.loads(path.read_text(encoding='utf-8'))
    say(isinstance(doc, list) and len(doc) == 1, 'an array of one conversation expected')
    c = doc[0]
    say(set(c) == {'sample_id', 'language', 'world', 'conversation', 'qa'}, f'keys {sorted(c)}')
    conv = c['conversation']
    speakers = [v for k, v in conv.items() if re.fullmatch(r'speaker_[a-z]', k)]
    say(len(speakers) >= 2 and len(set(speakers)) == len(speakers), 'two or more different speakers expected')
    numbers = sorted(int(k.split('_')[1]) for k in conv if re.fullmatch(r'session_\d+', k))
    say(numbers == list(range(1, len(numbers) + 1)), f'session numbers {numbers}')
    known = len(speakers) + 2 * len(numbers)
    say(len(conv) == known, f'{len(conv) - known} unknown keys in conversation')
    say(MIN_SESSIONS <= len(numbers) <= MAX_SESSIONS, f'{len(numbers)} sessions')
    ids, last, turns, words, captions, spoken, texts = set(), None, 0, 0, 0, set(), Counter()
    first = None
    for n in numbers:
        stamp = conv.get(f'session_{n}_date_time', '')
        try:
            at = datetime.strptime(stamp, '%I:%M %p on %d %B, %Y')
        except ValueError:
            bad.append(f'{path.name}: session {n} time {stamp!r}')
            continue
        say(2024 <= at.year <= 2026, f'session {n} is outside 2024-2026')
        say(last is None or at > last, f'session {n} is not after session {n - 1}')
        first, last = first or at, at
        say(len(conv[f'session_{n}']) >= 4, f'session {n} has few turns')
        for i, t in enumerate(conv[f'session_{n}'], 1):
            say(set(t) <= {'speaker', 'dia_id', 'text', 'blip_caption'}, f'{t.get("dia_id")} keys {sorted(t)}')
            say(t['dia_id'] == f'D{n}:{i}', f'id {t["dia_id"]} where D{n}:{i} is due')
            say(t['dia_id'] not in ids, f'id {t["dia_id"]} twice')
            say(t['speaker'] in speakers, f'{t["dia_id"]} speaker {t["speaker"]!r}')
            count = len(t['text'].split())
            say(MIN_WORDS <= count <= MAX_WORDS, f'{t["dia_id"]} has {count} words')
            say(t['text'] == t['text'].strip(), f'{t["dia_id"]} has outer blanks')
            ids.add(t['dia_id'])
            spoken.add(t['speaker'])
            texts[t['text']] += 1
            turns, words, captions = turns + 1, words + count, captions + ('blip_caption' in t)
    say(spoken == set(speakers), f'silent speakers {set(speakers) - spoken}')
    say(all(v == 1 for v in texts.values()), f'repeated turns {[k for k, v in texts.items() if v > 1][:2]}')
    say(MIN_TURNS <= turns <= MAX_TURNS, f'{turns} turns')
    cats, questions = Counter(), Counter()
    for q in c['qa']:
        say(set(q) == {'question', 'answer', 'evidence', 'category'}, f'question keys {sorted(q)}')
        say(q['category'] in CATEGORIES, f'category {q["category"]}')
        say(isinstance(q['answer'], str) and q['answer'] and q['question'].endswith('?'), f'form of {q["question"]!r}')
        say(all(e in ids for e in q['evidence']), f'evidence {q["evidence"]} of {q["question"]!r}')
        say(len(set(q['evidence'])) == len(q['evidence']), f'evidence twice in {q["question"]!r}')
        say(q['evidence'] or q['category'] == 5, f'no evidence for {q["question"]!r}')
        say(q['category'] != 1 or len(q['evidence']) > 1, f'multi-hop with one turn: {q["question"]!r}')
        cats[q['category']] += 1
        questions[re.sub(r'\W+', ' ', q['question'].lower()).strip()] += 1
    say(all(v == 1 for v in questions.values()), f'repeated questions {[k for k, v in questions.items() if v > 1]}')
    say(MIN_QUESTIONS <= len(c['qa']) <= MAX_QUESTIONS, f'{len(c["qa"])} questions')
    say(all(cats[k] for k in CATEGORIES), f'categories missing: {[v for k, v in CATEGORIES.items() if not cats[k]]}')
    days = (last - first).days if first else 0
    row = [path.stem, c['language'], len(numbers), days, turns, words, captions, len(c['qa'])]
    return row + [cats[k] for k in CATEGORIES], bad, c['sample_id'], list(questions), list(texts)


def main():
    rows, bad, ids, asked, said = [], [], Counter(), Counter(), Counter()
    for folder in sys.argv[1:]:
        for path in pathlib.Path(folder).glob('*.json'):
            _, _, sample, questions, texts = check(path)
            ids[sample] += 1
            asked.update(questions)
            said.update(texts)
    for path in sorted(HERE.glob('*.json')):
        row, wrong, sample, questions, texts = check(path)
        rows.append(row)
        bad += wrong
        ids[sample] += 1
        asked.update(questions)
        said.update(texts)
    bad += [f'sample_id {k} in {v} files' for k, v in ids.items() if v > 1]
    bad += [f'question in two files: {k}' for k, v in asked.items() if v > 1]
    bad += [f'turn in two files: {k}' for k, v in said.items() if v > 1]
    head = ['file', 'lang', 'sess', 'days', 'turns', 'words', 'capt', 'qa', *CATEGORIES.values()]
    rows.append(['total', '', *(sum(r[i] for r in rows) for i in range(2, len(head)))])
    for r in [head, *rows]:
        print(f'{r[0]:<26}{r[1]:<5}' + ''.join(f'{x:>{max(7, len(h) + 2)}}' for x, h in zip(r[2:], head[2:])))
    for line in bad:
        print('BAD', line)
    if not rows[:-1]:
        bad.append('no files')
    print('all files pass' if not bad else f'{len(bad)} defects')
    return 1 if bad else 0


sys.exit(main())
