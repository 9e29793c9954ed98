#!/usr/bin/env python3
"""Makes the file of `embed-bench long` from conversations in LoCoMo's format.

usage: make_long_texts.py LOCOMO.json OUT.json

A session of a conversation is a long text; a question that one session answers, in one turn, is asked of all sessions
of its conversation. It is late when the turn begins after 1100 characters, about what a model of 256 tokens reads.
"""

import json
import sys

EARLY_CHARACTERS = 1100


def group(sample):
    documents, places = [], {}
    for number in range(1, 100):
        turns = sample["conversation"].get(f"session_{number}")
        if not turns:
            continue
        length = 0
        for turn in turns:
            places[turn["dia_id"]] = (len(documents), length >= EARLY_CHARACTERS)
            length += len(turn["speaker"]) + len(turn["text"]) + 3
        documents.append("\n".join(f"{turn['speaker']}: {turn['text']}" for turn in turns))
    questions = []
    for entry in sample["qa"]:
        found = [places[turn] for turn in entry.get("evidence", []) if turn in places]
        if len(found) == 1 and len(entry["evidence"]) == 1:
            questions.append({"text": entry["question"], "document": found[0][0], "isLate": found[0][1]})
    return {"documents": documents, "questions": questions}


def main():
    with open(sys.argv[1]) as file:
        groups = [group(sample) for sample in json.load(file)]
    with open(sys.argv[2], "w") as file:
        json.dump(groups, file)


if __name__ == "__main__":
    main()
