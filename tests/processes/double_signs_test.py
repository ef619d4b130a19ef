#!/usr/bin/env python3
"""The check of double_signs.py finds what is planted in made-up logs, and nothing else."""
import unittest

from double_signs import PRECOMMIT, PREVOTE, PROPOSAL, DoubleSigns
from harness import Failed


def block_id(letter):
    return {"hash": letter * 64 if letter else "",
            "parts": {"total": 1 if letter else 0, "hash": letter * 64 if letter else ""}}


def vote(event, letter, address="AA", height=1, round_number=0, kind=PRECOMMIT, second=0):
    return {"event": event, "vote": {
        "type": kind, "height": str(height), "round": round_number, "block_id": block_id(letter),
        "timestamp": f"2024-01-01T00:00:0{second}Z", "validator_address": address}}


def proposal(event, letter, pol_round=-1, height=1, round_number=0):
    return {"event": event, "proposal": {
        "height": str(height), "round": round_number, "pol_round": pol_round,
        "block_id": block_id(letter)}}


def watermark(letter, address="aa", height=1, round_number=0, kind=PRECOMMIT, **more):
    return {"event": "watermark", "address": address, "height": height, "round": round_number,
            "type": kind, "block_id": block_id(letter), **more}


class Node:
    def __init__(self, name):
        self.name = name


def signed(*lines, **more):
    signs = DoubleSigns(**more)
    for i, line in enumerate(lines):
        signs.add(f"node {i}", line)
    return signs


class Checker(unittest.TestCase):
    def test_finds_two_votes(self):
        for first in ("vote_signed", "vote_received"):
            for kind in (PREVOTE, PRECOMMIT):
                found = signed(vote(first, "B", kind=kind),
                               vote("vote_received", "C", kind=kind)).found()
                self.assertEqual(len(found), 1)
                self.assertIn("AA", found[0])
                self.assertIn("node 1", found[0])

    def test_finds_a_vote_for_nil_beside_one_for_a_block(self):
        self.assertTrue(signed(vote("vote_received", "B"), vote("vote_received", "")).found())

    def test_finds_other_parts_of_the_same_block(self):
        other = vote("vote_received", "B")
        other["vote"]["block_id"]["parts"]["total"] = 2
        self.assertTrue(signed(vote("vote_received", "B"), other).found())

    def test_finds_a_vote_against_a_watermark(self):
        self.assertTrue(signed(watermark("B"), vote("vote_received", "C")).found())
        self.assertTrue(signed(watermark("B"), watermark("C")).found())

    def test_finds_what_the_head_of_a_segment_repeats(self):
        head = {"event": "segment", "watermark": watermark("B")}
        self.assertTrue(signed(head, vote("vote_received", "C")).found())

    def test_finds_two_proposals(self):
        self.assertTrue(signed(proposal("proposal_signed", "B"),
                               proposal("proposal_received", "C")).found())
        self.assertTrue(signed(proposal("proposal_received", "B"),
                               proposal("proposal_received", "B", pol_round=0)).found())
        self.assertTrue(signed(watermark("B", kind=PROPOSAL, pol_round=-1),
                               proposal("proposal_received", "C")).found())

    def test_finds_nothing_in_what_may_be(self):
        lines = [vote("vote_signed", "B"), vote("vote_received", "B", second=5), watermark("B"),
                 vote("vote_received", "C", address="DD"), vote("vote_received", "C", height=2),
                 vote("vote_received", "C", round_number=1),
                 vote("vote_received", "", kind=PREVOTE), proposal("proposal_signed", "B"),
                 proposal("proposal_received", "B"), proposal("proposal_received", "C", height=2),
                 watermark("B", kind=PROPOSAL, pol_round=-1),
                 {"event": "watermark", "height": 9, "round": 2147483647},
                 {"event": "end_of_height", "height": 1}]
        self.assertEqual(signed(*lines).found(), [])

    def test_fails(self):
        with self.assertRaisesRegex(Failed, "signed twice"):
            signed(vote("vote_received", "B"), vote("vote_received", "C")).check([])

    def test_leaves_liars_alone_but_nobody_else(self):
        lies = [vote("vote_received", letter) for letter in "BC"]
        self.assertEqual(signed(*lies, liars=["aa"]).found(), [])
        self.assertTrue(signed(*lies, liars=["dd"]).found())

    def test_wants_votes_from_the_first_height_on(self):
        lines = [watermark("B", height=height) for height in (5, 7)]
        with self.assertRaisesRegex(Failed, "from 6 on"):
            signed(*lines, first_height=5).check([])
        self.assertIn("5 to 7", signed(*lines, first_height=None).check([]))

    def test_wants_whole_logs(self):
        gap = [vote("vote_received", "B", height=height) for height in (1, 3)]
        with self.assertRaisesRegex(Failed, "from 2 on"):
            signed(*gap).check([])
        with self.assertRaisesRegex(Failed, "node 1"):
            signed(watermark("B"), vote("vote_received", "B")).check([Node("node 0"),
                                                                      Node("node 1")])
        self.assertIn("1 to 1", signed(watermark("B")).check([Node("node 0")]))


if __name__ == "__main__":
    unittest.main()
