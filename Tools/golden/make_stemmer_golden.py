#!/usr/bin/env python3
"""Writes what the reference Snowball English stemmer makes of many words.

    pip install snowballstemmer==3.1.1
    python3 Tools/golden/make_stemmer_golden.py
    python3 Tools/golden/make_stemmer_golden.py --words /usr/share/dict/words --output "$STRATA_HOME/golden/stemmer.txt"

Without arguments it writes the checked-in fixture: every root below with every ending below. A line of the fixture
stands for a root and holds one code for each ending: how many letters of the word the stem keeps, then what it adds.
With --words it writes one "word stem" a line for every word of ASCII letters and apostrophes in that file.
"""
import argparse
import importlib.metadata
import pathlib

import snowballstemmer

VERSION = "3.1.1"

ROOTS = """
a ab add ador aff agre air allow ally an analog anim app arsen atlas att bab bag bak bas beg bel bias big bit bl blog
bod boy brew bro bub bus buy by cal can cann car carr cat caus ceas cent chem chron cit class clos co commun comput con
connect consign cos creat cr cry cub cyc dat day dec def depend deriv di diff digit dis dog dry dy earl earr ebb econ
ed effect egg elect emerg en enjoy ent equal even ex exc exist ey fac fall fast feed fil fix fly form formal fr free
gap gas gen gener gentl geo get giv glor go grad grac gray gyp happ hard hav heal heat heed her herr hesit hol hop
hopp horr host how hum hyp idl imag in ind inn inter is journ joy judg jump just key kick kind know lag later law lay
li lif light log lov low ly mak man marr mat mid min mob mov mull multi music nat nav need nerv new nois nor not null
obs od off old oper or ord organ out own ox pain par past pay per phys pig plan plant play ply poss pray preci pret
proc prov pyr quer quick quiet radi rat raz re read real reg rel relat rev rhythm riv rol rub run sa say sci see seed
sens ser sew shy sing singl siz sk ski sky slow sly snow soc son spec spy st stat stay stop str stray styl succ sug
sun surviv syl syn sys tag tan tax ten th theor thing tidy tie tim ton toy tr trad trag transl tri try typ ug ugl ul
un union univers up us util vac val var vex vi viol vit vot vow wad wall war was way web wed whol wid win wis work
worr wr wrap xen y yacht year yell yoy zeal zip zoo
""".split()

ENDINGS = """
s es ies ied ed eed ing eedly edly ingly y ys yed ying yingly e er ers est or ly li lessly less fully ful fulness
ness ousness iveness ous ously ously's ive ively ative ativeness iti ity iviti ivity aliti ality biliti bility ble bli
bly able ably ible ibly al ally alism alist alize alized alizing ation ational ationally tional tionally ator izer
ization ize izing ic ical ically icate iciti icity ion sion tion ions ogi ogist ology logy ism ist ant ance anci ancy
ent ence enci ency ently ement ment l ll ss sses us 's ' s' 's'
""".split()


def code(word, stem):
    kept = 0
    while kept < min(len(word), len(stem)) and word[kept] == stem[kept]:
        kept += 1
    return f"{kept}{stem[kept:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    version = importlib.metadata.version("snowballstemmer")
    assert version == VERSION, f"snowballstemmer {version} is installed, {VERSION} is expected"
    stemmer = snowballstemmer.stemmer("english")
    if arguments.words:
        words = sorted({word.lower() for word in arguments.words.read_text(encoding="utf-8").split()})
        words = [word for word in words if word.isascii() and word.replace("'", "").isalpha()]
        lines = [f"{word} {stemmer.stemWord(word)}" for word in words]
        output = arguments.output or pathlib.Path("stemmer.txt")
    else:
        lines = [" ".join(ENDINGS)]
        for root in sorted(set(ROOTS)):
            words = [root + ending for ending in ENDINGS]
            lines.append(" ".join([root] + [code(word, stemmer.stemWord(word)) for word in words]))
        root = pathlib.Path(__file__).resolve().parents[2]
        output = arguments.output or root / "Tests/TextAnalysisTests/Golden/english_stems.txt"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} lines in {output}")


if __name__ == "__main__":
    main()
