"""RESULTS.md: a section for each piece of work, in it a block for each level of processor, which says where it
was measured.

What a run has measured takes the place of what stood there; the rest stays as it was.
"""

import re

HEAD = """# Benchmarks

Written by `make bench`; what it measured, not what was hoped for.

Every contestant is a process of its own; they take turns, 5 rounds or more after one that does not count. \
One repetition's median, and
the least and the most of the rounds. Ratios below 1 mean that swift-gan is faster. \
Each block says on which processor: `make bench
CPU=avx2` holds all contestants to AVX2 on a processor that has AVX-512 too.
"""


def read(text):
    """{title: (what stands above the blocks, {level: block})}, in the order of the file."""
    machine = re.search(r"hoped for\. (.+\d{4}-\d\d-\d\d\.)", text)
    found = {}
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        blocks = re.split(r"^### ", body, flags=re.M)
        if len(blocks) == 1 and machine:
            # A file of before there were levels.
            above, mark, rest = body.partition("One thread:")
            level = "AVX-512" if "AVX-512" in machine[1] else "AVX2"
            if not mark:
                above, rest = "", body.strip()
            found[title.strip()] = (above.strip(), {level: f"{machine[1]}\n\n{mark}{rest}".strip()})
            continue
        levels = {}
        for block in blocks[1:]:
            level, _, lines = block.partition("\n")
            levels[level.strip()] = lines.strip()
        found[title.strip()] = (blocks[0].strip(), levels)
    return found


def write(sections, order):
    """The file's text, the sections named in `order` first."""
    titles = [t for t in order if t in sections] + [t for t in sections if t not in order]
    parts = [HEAD]
    for title in titles:
        above, levels = sections[title]
        parts.append(f"## {title}\n" + (f"\n{above}\n" if above else ""))
        for level in sorted(levels, key=lambda l: (l != "AVX-512", l)):
            parts.append(f"### {level}\n\n{levels[level]}\n")
    return "\n".join(parts)
