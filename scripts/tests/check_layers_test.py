#!/usr/bin/env python3
"""Plants imports that the floors forbid and demands that check-layers names each."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).resolve().parent.parent / "check-layers"

GOOD_GRAPH = """\
base 0 pure
crypto 1 pure base
wire 1 pure base
types 2 pure base crypto wire
io 6 impure base types
"""
GOOD_SOURCES = {
    "base/bytes.h": "#include <vector>\n",
    "crypto/sha256.cc": '#include "crypto/sha256.h"\n#include <openssl/evp.h>\n',
    "crypto/sha256.h": '#include "base/bytes.h"\n',
    "wire/reader.h": '#include "base/bytes.h"\n',
    "types/vote.h": '#include "crypto/sha256.h"\n#include "wire/reader.h"\n',
    "types/vote_test.cc": '#include "tests/vectors.h"\n#include "types/vote.h"\n',
}


class CheckLayers(unittest.TestCase):
    def run_check(self, graph=GOOD_GRAPH, house=None, **planted):
        """Checks the good tree with some files replaced ("folder__name_h" for folder/name.h). The
        house agrees with the graph unless given."""
        sources = GOOD_SOURCES | {self.path_of(name): text for name, text in planted.items()}
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "src")
            for name, text in sources.items():
                path = source / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            graph_file = Path(folder, "link-graph.txt")
            graph_file.write_text(graph)
            house_file = Path(folder, "house.md")
            house_file.write_text(house if house is not None else self.house_of(graph))
            return subprocess.run(
                [sys.executable, CHECK, "--graph", graph_file, "--source", source,
                 "--house", house_file],
                capture_output=True, text=True, check=False)

    @staticmethod
    def house_of(graph):
        rows = [line.split()[:3] for line in graph.splitlines() if line.strip()]
        return "".join(f"| {floor} | `{name}` | what | {'yes' if kind == 'pure' else 'no'} |\n"
                       for name, floor, kind in rows)

    @staticmethod
    def path_of(name):
        return name.replace("__", "/").replace("_h", ".h").replace("_cc", ".cc")

    def refused(self, *words, **arguments):
        result = self.run_check(**arguments)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_accepts_the_good_tree(self):
        result = self.run_check()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("5 libraries, 6 files", result.stdout)

    def test_refuses_a_sideways_include(self):
        self.refused("crypto/aead.cc:3:", '"wire/reader.h"', "sideways",
                     crypto__aead_cc='#include "base/bytes.h"\n\n#include "wire/reader.h"\n')

    def test_refuses_an_upward_include(self):
        self.refused("base/hex.h:1:", "upward", base__hex_h='#include "types/vote.h"\n')

    def test_refuses_an_upward_include_in_a_test(self):
        self.refused("wire/reader_test.cc:1:", "upward",
                     wire__reader_test_cc='#include "types/vote.h"\n')

    def test_refuses_an_include_in_angle_brackets_too(self):
        self.refused("base/hex.h:1:", "upward", base__hex_h="#  include <types/vote.h>\n")

    def test_refuses_an_include_that_no_deps_cover(self):
        self.refused("io/clock.cc:1:", "not among the DEPS",
                     io__clock_cc='#include "wire/reader.h"\n')

    def test_refuses_helpers_of_tests_outside_tests(self):
        self.refused("base/hex.h:1:", "tests", base__hex_h='#include "tests/vectors.h"\n')

    def test_refuses_relative_and_bare_includes(self):
        self.refused("wire/a.h:1:", "folder/file.h", wire__a_h='#include "reader.h"\n')
        self.refused("wire/a.h:1:", "folder/file.h", wire__a_h='#include "../base/bytes.h"\n')

    def test_refuses_a_folder_without_a_library(self):
        self.refused("stray/a.h", "no library", stray__a_h="\n")

    def test_refuses_a_sideways_link(self):
        self.refused("crypto (floor 1) links wire (floor 1)", "sideways",
                     graph=GOOD_GRAPH.replace("crypto 1 pure base", "crypto 1 pure base wire"))

    def test_refuses_an_upward_link(self):
        self.refused("crypto (floor 1) links types (floor 2)", "upward",
                     graph=GOOD_GRAPH.replace("crypto 1 pure base", "crypto 1 pure base types"))

    def test_refuses_a_pure_library_on_an_impure_one(self):
        self.refused("node is pure but links io",
                     graph=GOOD_GRAPH + "node 7 pure base io\n")

    def test_refuses_floors_that_the_house_does_not_know(self):
        house = self.house_of(GOOD_GRAPH)
        self.refused("house.md:3: wire is on floor 2, pure; its CMakeLists.txt says 1, pure",
                     house=house.replace("| 1 | `wire`", "| 2 | `wire`"))
        self.refused("house.md:5: io is on floor 6, pure;", house=house.replace("no |", "yes |"))
        self.refused("house.md: no row for io", house=house.replace("`io`", "io"))

    def test_accepts_a_row_of_the_house_whose_folder_is_to_come(self):
        house = self.house_of(GOOD_GRAPH) + "| 9 | `moon` | what | yes |\n"
        self.assertEqual(self.run_check(house=house).returncode, 0)

    def test_refuses_a_graph_without_libraries(self):
        result = self.run_check(graph="\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no library in it", result.stderr)


if __name__ == "__main__":
    unittest.main()
