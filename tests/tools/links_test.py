"""tools/links refuses what it says it refuses, and nothing that is allowed."""

import importlib.machinery
import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
PATH = str(Path(__file__).resolve().parents[2] / "tools" / "links")
loader = importlib.machinery.SourceFileLoader("links", PATH)
links = importlib.util.module_from_spec(importlib.util.spec_from_loader("links", loader))
loader.exec_module(links)


class Pages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)

    def problems(self, **pages):
        """Of pages by their names, with __ for a slash; README of docs leads to all below docs/."""
        texts = {name.replace("__", "/") + ".md": text for name, text in pages.items()}
        for name, text in texts.items():
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).write_text(text, encoding="utf-8")
        return [(str(page), line) for page, line, _ in links.problems(self.top, texts)]


class Refused(Pages):
    def test_a_file_that_is_not_there(self):
        self.assertEqual(self.problems(A="# A\n\n[b](b.md)\n"), [("A.md", 3)])

    def test_a_picture_that_is_not_there(self):
        self.assertEqual(self.problems(A="![b](b.svg)"), [("A.md", 1)])
        self.assertEqual(self.problems(A='<img src="b.svg">'), [("A.md", 1)])

    def test_a_link_over_two_lines(self):
        self.assertEqual(self.problems(A="one [two\nthree](b.md)"), [("A.md", 2)])

    def test_a_reference(self):
        self.assertEqual(self.problems(A="[b]\n\n[b]: b.md\n"), [("A.md", 3)])

    def test_an_anchor_that_no_heading_has(self):
        self.assertEqual(self.problems(A="# One\n[b](#two)"), [("A.md", 2)])
        self.assertEqual(self.problems(A="[b](B.md#two)", B="# One"), [("A.md", 1)])

    def test_an_anchor_that_stands_in_a_block_of_code_only(self):
        self.assertEqual(self.problems(A="[b](#one)\n```\n# One\n```\n"), [("A.md", 1)])

    def test_what_lies_outside(self):
        self.assertEqual(self.problems(A="[b](../etc)"), [("A.md", 1)])

    def test_a_page_of_docs_that_nothing_leads_to(self):
        self.assertEqual(self.problems(docs__README="# Read", docs__a="# A"), [("docs/a.md", 1)])

    def test_pages_of_docs_that_lead_to_each_other_only(self):
        found = self.problems(docs__README="# Read", docs__a="[b](b.md)", docs__b="[a](a.md)")
        self.assertEqual(found, [("docs/a.md", 1), ("docs/b.md", 1)])


class Allowed(Pages):
    def allow(self, **pages):
        self.assertEqual(self.problems(**pages), [])

    def test_files_folders_and_headings(self):
        self.allow(A="# One two: `three`, (four)\n[b](docs/) [c](#one-two-three-four) "
                     "[d](docs/README.md#e)", docs__README="# E")

    def test_headings_that_read_alike(self):
        self.allow(A="# One\n# One\n[b](#one) [c](#one-1)")

    def test_what_leads_elsewhere(self):
        self.allow(A="[b](https://example.org/x.md) [c](mailto:a@example.org)")

    def test_what_is_code(self):
        self.allow(A="`[b](b.md)`\n```\n[c](c.md)\n```\n")

    def test_pages_that_a_chain_of_links_leads_to(self):
        self.allow(docs__README="[a](a.md)", docs__a="[b](b.md)", docs__b="")

    def test_pages_of_a_folder_that_is_linked_to(self):
        self.allow(docs__README="[a](a/)", docs__a__b="")

    def test_pages_outside_of_docs(self):
        self.allow(A="", docs__README="")


if __name__ == "__main__":
    unittest.main()
