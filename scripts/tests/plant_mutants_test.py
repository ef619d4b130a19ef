#!/usr/bin/env python3
"""Holds scripts/plant-mutants to what it promises, on small lists and sources."""
import importlib.machinery
import importlib.util
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPT = Path(__file__).resolve().parent.parent / "plant-mutants"
loader = importlib.machinery.SourceFileLoader("plant_mutants", str(SCRIPT))
plant_mutants = importlib.util.module_from_spec(importlib.util.spec_from_loader("plant_mutants", loader))
loader.exec_module(plant_mutants)

SOURCE = """int f(int height) {
    const int effective = height + 2;
    if (height > 3) return 1;
    clear(height);
    return effective
           + 1;
}
"""


def mutants(*plants):
    text = "".join(f"[bug_{i}]\nfile: a.cc\nplant: {plant}\nbelief: x\n\n"
                   for i, plant in enumerate(plants, 1))
    return plant_mutants.read_list(text)


def planted(*plants):
    return plant_mutants.planted_copy(mutants(*plants), "a.cc", SOURCE)


class PlantMutants(unittest.TestCase):
    def test_an_expression_becomes_a_choice(self):
        copy = planted("const int effective = height + [[ 2 => 1 ]];")
        self.assertIn("height + (::tandem::sim::is_planted(1) ? (1) : (2));", copy)

    def test_a_statement_becomes_a_choice(self):
        copy = planted("[[ clear(height); => ; ]]")
        self.assertIn("{ if (::tandem::sim::is_planted(1)) { ; } else { clear(height); } }", copy)

    def test_a_condition_is_converted(self):
        copy = planted("if ([[ height > 3 => height ]]) return 1;")
        self.assertIn("static_cast<bool>(height) : static_cast<bool>(height > 3)", copy)

    def test_two_bugs_share_a_place(self):
        copy = planted("height + [[ 2 => 1 ]];", "height + [[ 2 => 3 ]];")
        self.assertIn("(::tandem::sim::is_planted(1) ? (1) : ((::tandem::sim::is_planted(2) ? (3) "
                      ": (2))))", copy)

    def test_line_breaks_and_line_numbers_stay_out_of_it(self):
        copy = planted("return [[ effective + 1 => effective ]];")
        self.assertEqual(copy.splitlines()[1], '#line 1 "a.cc"')
        self.assertEqual(len(copy.splitlines()), len(SOURCE.splitlines()) + 2)

    def refused(self, *plants):
        with self.assertRaises(plant_mutants.BadList):
            planted(*plants)

    def test_lines_that_are_not_there_are_refused(self):
        self.refused("height + [[ 7 => 1 ]];")

    def test_lines_that_are_there_twice_are_refused(self):
        self.refused("[[ height => 0 ]]")

    def test_overlapping_bugs_are_refused(self):
        self.refused("= [[ height + 2 => 1 ]];", "height + [[ 2 => 1 ]];")

    def test_a_statement_for_an_expression_is_refused(self):
        self.refused("height + [[ 2 => 1; ]];")

    def test_a_plant_without_a_change_is_refused(self):
        self.refused("height + 2")

    def test_lists_that_say_too_little_are_refused(self):
        for text in ("file: a.cc\n", "[x]\nfile: a.cc\nbelief: y\n", "[x]\nnonsense\n",
                     "[x]\nfile: a\nplant: b\nbelief: c\n\n[x]\nfile: a\nplant: b\nbelief: c\n"):
            with self.assertRaises(plant_mutants.BadList):
                plant_mutants.read_list(text)

    def test_names_without_a_change_in_the_table_of_another_file(self):
        first, second = mutants("height + [[ 2 => 1 ]];", "[[ clear(height); => ; ]]")
        second.file = "b.cc"
        copy = plant_mutants.planted_copy([first, second], "a.cc", SOURCE)
        self.assertNotIn("is_planted(2)", copy)


if __name__ == "__main__":
    unittest.main()
