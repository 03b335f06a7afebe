#!/usr/bin/env python3
"""Checks links inside a checkout, or a folder of HTML: links.py FOLDER

Markdown files (README, CONTRIBUTING, the manual, notes) and HTML pages may link files that are there, and anchors that
these have. Links to other sites are left alone.
"""
import html.parser
import pathlib
import re
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


def markdown_links(text):
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    text = re.sub(r"`[^`\n]*`", "`code`", text)
    return re.findall(r"\]\(([^)\s]+)\)", text)


def heading_anchors(text):
    headings = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    html_pages = {file: Page(file.read_text(errors="replace")) for file in folder.rglob("*.html")
                  if (folder / "index.html").exists()}
    if html_pages:
        links = [(file, link) for file, page in html_pages.items() for link in page.links]
    else:
        files = [folder / "README.md", folder / "CONTRIBUTING.md", folder / "CHANGELOG.md"]
        files += [file for below in ("apps", "src") for file in (folder / below).rglob("*.md")]
        links = [(file, link) for file in files for link in markdown_links(file.read_text())]
    bad, checked = [], 0
    for file, link in links:
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        checked += 1
        target = (file.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else file
        anchor = urllib.parse.unquote(parts.fragment)
        if not target.exists():
            bad.append(f"{file}: {link} is not there")
        elif anchor and target.suffix == ".md" and anchor not in heading_anchors(target.read_text()):
            bad.append(f"{file}: {link} has no such heading")
        elif anchor == "nested-classes":
            continue  # Doxygen 1.9 links this of classes whose nested ones are not shown
        elif anchor and target in html_pages and anchor not in html_pages[target].anchors:
            bad.append(f"{file}: {link} has no such anchor")
    print("\n".join(sorted(set(bad))))
    print(f"{checked} links, {len(set(bad))} bad")
    if bad or checked < 20:
        sys.exit(1)


main()
