"""Checks conversation.jsonl and questions.jsonl: form, answers, rising times, sessions, paraphrases."""
import json, re, sys
from collections import Counter
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
STOP = set("""a about after again all also always am an and any are as at away be because been before being but by can cannot
come could did do does doing done down for from get go got had has have he her here hers him his how i if in into is it its
just me more most much my no nor not of off on one or other our out over she should so some than that the their them then
there these they this those to too under until up very was we were what when where whether which while who whom whose why
will with would you your""".split())
errors = []


def stems(text):
    words = re.findall(r"[a-z0-9]+", text.lower().replace("'s ", " "))
    return {w[:5] for w in words if w not in STOP and len(w) > 1}


def fail(where, what):
    errors.append(f"{where}: {what}")


def load(name):
    lines = (HERE / name).read_text(encoding="utf-8").split("\n")
    if lines[-1] != "": fail(name, "does not end with a newline")
    return [json.loads(l) for l in lines[:-1]]


turns, questions = load("conversation.jsonl"), load("questions.jsonl")
last, closed, current = None, set(), None
for i, t in enumerate(turns, 1):
    where = f"turn {i}"
    if not set(t) <= {"text", "speaker", "occurredAt", "session", "kind", "tags"}: fail(where, "unknown field")
    for k in ("text", "speaker", "occurredAt", "session", "kind"):
        if not isinstance(t.get(k), str) or not t[k].strip(): fail(where, f"{k} missing")
    if t["kind"] != "turn": fail(where, "kind")
    if "tags" in t and (not t["tags"] or not all(isinstance(x, str) for x in t["tags"])): fail(where, "tags")
    if re.match(rf"{t['speaker']}\s*:", t["text"]): fail(where, "text repeats the speaker as prefix")
    n = len(t["text"].split())
    if not 3 <= n <= 60: fail(where, f"{n} words")
    at = datetime.fromisoformat(t["occurredAt"])
    if at.utcoffset() is None: fail(where, "no offset")
    if last and at <= last: fail(where, "time does not rise")
    last = at
    if not t["session"].startswith(t["occurredAt"][:10] + "-"): fail(where, "session and day differ")
    if t["session"] != current:
        if t["session"] in closed: fail(where, "session resumes after another")
        closed.add(t["session"]); current = t["session"]
days = {t["occurredAt"][:10] for t in turns}
if len(turns) < 170: fail("turns", len(turns))
if len(closed) < 14: fail("sessions", len(closed))
if len(days) < 12: fail("days", len(days))
if len(set(t["text"] for t in turns)) != len(turns): fail("turns", "two turns have the same text")

kinds = Counter(q["kind"] for q in questions)
if len({q["question"] for q in questions}) != len(questions): fail("questions", "asked twice")
for i, q in enumerate(questions, 1):
    where = f"question {i}"
    if set(q) != {"question", "answers", "kind"}: fail(where, "fields")
    if q["kind"] not in {"single-hop", "multi-hop", "temporal", "paraphrase", "unanswerable"}: fail(where, "kind")
    a = q["answers"]
    if a != sorted(set(a)) or not all(isinstance(x, int) and 1 <= x <= len(turns) for x in a): fail(where, "answers")
    if (q["kind"] == "unanswerable") != (not a): fail(where, "answers and kind differ")
    if q["kind"] == "multi-hop" and len(a) < 2: fail(where, "multi-hop with one answer")
    if q["kind"] == "paraphrase":
        for x in a:
            common = stems(q["question"]) & stems(turns[x - 1]["speaker"] + " " + turns[x - 1]["text"])
            if common: fail(where, f"{q['question']!r} shares {sorted(common)} with turn {x}")
if len(questions) < 40: fail("questions", len(questions))
if kinds["paraphrase"] < 15: fail("paraphrase", kinds["paraphrase"])
words = [len(t["text"].split()) for t in turns]
print(f"{len(turns)} turns, {len(closed)} sessions, {len(days)} days, {min(words)}-{max(words)} words (mean {sum(words)/len(words):.1f})")
print("speakers", dict(Counter(t["speaker"] for t in turns)), "photos", sum("[photo:" in t["text"] for t in turns))
print(f"{len(questions)} questions", dict(kinds))
for e in errors: print("ERROR", e)
sys.exit(bool(errors))
