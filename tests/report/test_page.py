#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page of a report in a real browser: what it shows, that it asks the network for nothing and runs nothing, and what comes
out of the printer. $RENDER_REPORT writes it, $RECDOCK_LOCALEDIR has the translations."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import tap
from sample_report import sample

BROWSER = shutil.which("chromium")
HOSTILE = ["<script>document.title='run'</script>", "\"><img src=http://127.0.0.1:9/x onerror=\"document.title='run'\">",
           "</td></table></main><h1>forged</h1>", "javascript:alert(1)", "'-alert(1)-'", "a" * 255, "长" * 255, "two\nlines", "‮txt.exe"]


class Page(HTMLParser):
    """What the browser made of it."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tags, self.titles = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.setdefault(tag, []).append(dict(attrs))

    def handle_data(self, data):
        self.text.append(data)

    def words(self):
        return " ".join(" ".join(self.text).split())


def render(form, report, **env):
    got = subprocess.run([os.environ["RENDER_REPORT"], form], input=json.dumps(report).encode(), stdout=subprocess.PIPE, check=True,
                         env={**os.environ, "LC_ALL": "C", "ASAN_OPTIONS": "detect_leaks=0", **env})
    return got.stdout.decode()


@unittest.skipUnless(BROWSER, "chromium is not installed")
class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="recdock-page.")
        cls.root = pathlib.Path(cls.folder.name)
        cls.env = {"LC_ALL": "C"}
        made = subprocess.run(["localedef", "-c", "-i", "zh_CN", "-f", "UTF-8", cls.root / "zh_CN.UTF-8"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        cls.chinese = made.returncode == 0 and {"LC_ALL": "zh_CN.UTF-8", "LOCPATH": str(cls.root)}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def browse(cls, name, page, *options):
        """Loads the page, which gives its DOM, a picture and a print in one go: a browser's start takes the most of it."""
        path = cls.root / f"{name}.html"
        path.write_text(page)
        got = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
             "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={cls.root / 'profile'}", "--window-size=1000,900",
             "--hide-scrollbars", "--no-pdf-header-footer", "--dump-dom", f"--screenshot={cls.root / name}.png",
             f"--print-to-pdf={cls.root / name}.pdf", *options, path.as_uri()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=True, env={**os.environ, "HOME": str(cls.root)})
        return Page(got.stdout.decode())

    def test_shows_what_the_station_said(self):
        report = sample()
        page = render("html", report)
        self.assertIsNone(re.search(r"(?i)https?:|//[a-z]|url\((?!#)|@import|<script|<link|<img|<iframe| on[a-z]+=", page))
        dom = self.browse("plain", page)
        self.assertEqual(len([s for s in dom.tags["svg"] if s.get("class") == "chart"]), 4)
        self.assertNotIn("script", dom.tags)
        words = dom.words()
        for piece in ["Offload report November 2026", "Station 37-01", "王强", "济南市消防救援支队", "Files in time 98.1%",
                      "the latest by 26 h 17 min", "148 on the same day; 3 open", "26 h 17 min remote area", "269 h 39 min",
                      "370102000001 历下区消防救援大队 396", "200401 李雷", "truncated no-moov", "+780.2 s", "numbers missing",
                      "Gaps 6 4 not explained; 2:09:18 in all; file numbers missing: 1; 2 files deleted on recorders",
                      "1:23:45 yes yes equipment failure", "0:00:45 yes no -", "-31.0 s -31.0 s -12.5 s -3.7 s",
                      "370102000001 历下区消防救援大队 2 1:51:45 2 0 0:00:00 0", "- - 1 0:05:12 0 1 0:05:12 0",
                      "Length of gaps, by unit explained not explained", "1:51:45 2 of 2 explained", "(of no unit) 0:05:12 0 of 1 explained",
                      "370103000001 市中区消防救援大队 281 272 9 96.7%", "- - 2 0 2 0.0%", "Checked by"]:
            self.assertIn(piece, words)
        # Every row of every section is there.
        rows = sum(len(v) for v in report.values() if isinstance(v, list))
        sections = sum(1 for v in report.values() if isinstance(v, list) and v)
        self.assertEqual(len(dom.tags["tr"]), rows + sections)
        self.assertEqual(len(dom.tags["section"]), 19)
        ppm = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", self.root / "plain.png", "-f", "rawvideo", "-pix_fmt", "rgb24",
                              "-"], stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(len(ppm), 1000 * 900 * 3)
        pixels = {ppm[i:i + 3] for i in range(0, len(ppm), 3)}
        for colour in (b"\x00\x72\xb2", b"\xd5\x5e\x00", b"\xff\xff\xff"):
            self.assertIn(colour, pixels)

    def test_speaks_chinese(self):
        if not self.chinese:
            self.skipTest("no localedef")
        dom = self.browse("chinese", render("html", sample(), **self.chinese))
        words = dom.words()
        for piece in ["音像资料采集情况报表 2026年11月", "管理员 王强", "音像记录按时率 98.1%", "26 小时 17 分 偏远地区", "按执法人员",
                      "期末逾期未导出或下落不明的执法记录仪", "审核人", "记录中断 6 4 处未说明; 共 2:09:18", "1:23:45 是 是 设备故障", "各单位记录中断时长",
                      "日漂移", "各单位标注情况", "市中区消防救援大队 281 272 9 96.7%"]:
            self.assertIn(piece, words)
        self.assertEqual(dom.tags["html"][0]["lang"], "zh-CN")

    def test_names_of_strangers_and_paper(self):
        report = sample()
        for i, name in enumerate(HOSTILE):
            report["officers"][i]["name"] = report["units"][i % 6]["name"] = name
            report["bad_files"].append({**report["bad_files"][0], "name": name, "reasons": name})
        report["station"]["custodian"] = HOSTILE[0]
        report["recorders"] = report["recorders"] * 5
        page = render("html", report)
        dom = self.browse("hostile", page)
        for tag in ("script", "img", "a", "iframe"):
            self.assertNotIn(tag, dom.tags)
        self.assertEqual((len(dom.tags["h1"]), len(dom.tags["main"])), (1, 1))
        self.assertEqual(len(dom.tags["td"]), page.count("<td "))
        words = dom.words()
        self.assertIn(HOSTILE[0], words)
        self.assertIn("Offload report – November 2026", words)  # the title: nothing ran that would have changed it
        self.assertIn("a" * 255, words)
        self.assertIn("two\ufffdlines", words)
        self.printed(self.root / "hostile.pdf")

    def printed(self, pdf):
        info = subprocess.run(["pdfinfo", pdf], stdout=subprocess.PIPE, check=True).stdout.decode()
        pages = int(re.search(r"Pages: +(\d+)", info)[1])
        self.assertIn("A4", re.search(r"Page size:.*", info)[0])
        self.assertTrue(7 <= pages <= 11, pages)
        text = [subprocess.run(["pdftotext", "-layout", "-f", str(n), "-l", str(n), pdf, "-"], stdout=subprocess.PIPE,
                               check=True).stdout.decode() for n in range(1, pages + 1)]
        # The long table begins on a page of its own, and has its headings on each; nothing is wider than the paper.
        with_recorders = [t for t in text if "DSJ-X7" in t]
        self.assertGreaterEqual(len(with_recorders), 3)
        for t in with_recorders:
            self.assertRegex(t, r"Recorder +Model +Files.* Overdue +Open")
        self.assertRegex(with_recorders[0].lstrip(), r"^By recorder")
        for n, t in enumerate(text, 1):
            self.assertRegex(t, rf"{n} ?/ ?{pages}\b")


if __name__ == "__main__":
    tap.main("__main__")
