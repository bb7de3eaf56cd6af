"use strict";
(function () {
  const by = id => document.getElementById(id);
  /* Columns of a row; index_page.c writes them in this order. */
  const [ID, CASE, NAME, PATH, STARTED, DURATION, SIZE, UNIT, OFFICER, RECORDER, KIND, VERDICT, SHA256, FOLDER] = Array(14).keys();
  const rows = JSON.parse(by("rows").textContent);
  const PAGE = 100;
  const words = {
    zh: {title: "音像记录目录", search: "检索：文件名、案号、人员、单位、执法记录仪、日期…", all: "全部案件", none: "未归入案件", play: "播放", open: "打开",
         count: (n, all) => `${n} / ${all} 个文件`, page: (n, all) => `第 ${n} 页，共 ${all} 页`, file: "在本介质上的位置", verdict: "封装检查结论",
         bytes: "字节", description: "文字说明材料",
         cannot: "浏览器不能播放此文件，请用播放器直接打开："},
    en: {title: "Index of footage", search: "Search: name, case, officer, unit, recorder, date…", all: "All cases", none: "of no case", play: "Play", open: "Open",
         count: (n, all) => `${n} of ${all} files`, page: (n, all) => `Page ${n} of ${all}`, file: "Place on this volume", verdict: "Verdict",
         bytes: "bytes", description: "Evidence description",
         cannot: "The browser cannot play this file; open it with a player:"},
  };
  const verdicts = {complete: "完整", truncated: "截断", damaged: "损坏", encrypted: "加密", unreadable: "不可读", "not-media": "非音像", unknown: "未检查"};
  const haystack = rows.map(r => [ID, CASE, NAME, STARTED, UNIT, OFFICER, RECORDER, SHA256].map(c => r[c]).join("\n").toLowerCase());
  let lang = (navigator.language || "zh").startsWith("zh") ? "zh" : "en", found = [], at = 0, shown = null;

  function element(tag, text, name) {
    const e = document.createElement(tag);
    if (text !== undefined && text !== null) e.textContent = text;
    if (name) e.className = name;
    return e;
  }
  const url = path => path.split("/").map(encodeURIComponent).join("/");
  const when = t => t ? t.slice(0, 19).replace("T", " ") : "";
  function duration(s) {
    if (s === null) return "";
    const two = n => String(n).padStart(2, "0"), whole = Math.round(s);
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  }
  function bytes(n) {
    const units = ["B", "K", "M", "G", "T"];
    let u = 0;
    while (n >= 1024 && u < 4) { n /= 1024; u++; }
    return (u && n < 10 ? n.toFixed(1) : Math.round(n)) + units[u];
  }

  function media(row) {
    const stage = by("stage"), tag = {video: "video", audio: "audio", photo: "img"}[row[KIND]];
    const open = element("a", row[PATH]);
    open.href = url(row[PATH]);
    function refuse() {
      const p = element("p", words[lang].cannot + " ");
      p.id = "cannot";
      p.append(open);
      stage.replaceChildren(p);
    }
    stage.replaceChildren();
    if (!tag) return refuse();
    const e = document.createElement(tag);
    e.onerror = refuse;
    e.src = url(row[PATH]);
    if (tag !== "img") {
      e.controls = true;
      e.play().catch(() => {});
    }
    stage.append(e);
  }

  function show(row) {
    const facts = by("facts"), w = words[lang];
    const add = (label, value, code) => {
      const dd = element("dd");
      dd.append(value instanceof Node ? value : code ? element("code", value) : value);
      facts.append(element("dt", label), dd);
    };
    if (shown !== row) media(row);
    shown = row;
    facts.replaceChildren();
    add(lang === "zh" ? "文件名" : "Name", row[NAME]);
    add(lang === "zh" ? "案号" : "Case", row[CASE] === null ? w.none : row[CASE]);
    add(lang === "zh" ? "录制开始" : "Started", row[STARTED] || "–");
    add(lang === "zh" ? "执法人员" : "Officer", row[OFFICER] || "–");
    add(w.verdict, lang === "zh" ? verdicts[row[VERDICT]] || row[VERDICT] : row[VERDICT]);
    add(w.bytes, String(row[SIZE]));
    add("SHA-256", row[SHA256], true);
    const link = element("a", row[PATH]);
    link.href = url(row[PATH]);
    add(w.file, link);
    const more = element("a", "descriptions/" + row[FOLDER] + ".html");
    more.href = url(more.textContent);
    add(w.description, more);
    by("view").hidden = false;
  }

  function fill() {
    const w = words[lang], list = by("list"), pages = Math.max(1, Math.ceil(found.length / PAGE));
    at = Math.min(at, pages - 1);
    list.replaceChildren(...found.slice(at * PAGE, (at + 1) * PAGE).map(i => {
      const r = rows[i], tr = element("tr"), name = element("td", r[NAME]), act = element("td"), play = element("button", r[KIND] === "video" || r[KIND] === "audio" ? w.play : w.open);
      if (r[VERDICT] !== "complete" && r[VERDICT] !== "unknown")
        name.append(" ", element("span", lang === "zh" ? verdicts[r[VERDICT]] || r[VERDICT] : r[VERDICT], "bad"));
      play.type = "button";
      play.onclick = () => { show(r); remember(); by("view").scrollIntoView({block: "nearest"}); };
      act.append(play);
      tr.id = "row" + r[ID];
      tr.append(element("td", r[ID], "num"), element("td", r[CASE] === null ? w.none : r[CASE]), element("td", when(r[STARTED]), "when"),
                element("td", duration(r[DURATION]), "num"), element("td", r[UNIT], "wide"), element("td", r[OFFICER]),
                element("td", r[RECORDER], "wide"), element("td", bytes(r[SIZE]), "num wide"), name, act);
      return tr;
    }));
    by("count").textContent = w.count(found.length, rows.length);
    by("page").textContent = w.page(at + 1, pages);
    by("before").disabled = at === 0;
    by("after").disabled = at + 1 >= pages;
  }

  function search() {
    const wanted = by("words").value.toLowerCase().split(/\s+/).filter(s => s), choice = by("case").value;
    found = [];
    rows.forEach((r, i) => {
      if ((choice === "" || choice === "=" + (r[CASE] === null ? "" : r[CASE])) && wanted.every(s => haystack[i].includes(s))) found.push(i);
    });
    at = 0;
    fill();
  }

  function speak() {
    const w = words[lang], select = by("case"), before = select.value;
    document.documentElement.lang = lang;
    document.querySelector("h1 small").textContent = w.title;
    by("words").placeholder = w.search;
    select.replaceChildren(new Option(w.all, ""), ...[...new Set(rows.map(r => r[CASE]))].map(c => new Option(c === null ? w.none : c, "=" + (c === null ? "" : c))));
    select.value = before;
    if (shown) show(shown);
    fill();
  }

  /* What is looked at is in the address, so that it can be kept and given on. */
  function remember() {
    const p = new URLSearchParams();
    if (by("words").value) p.set("q", by("words").value);
    if (by("case").value) p.set("case", by("case").value.slice(1));
    if (shown) p.set("play", shown[ID]);
    history.replaceState(null, "", "#" + p);
  }
  function recall() {
    const p = new URLSearchParams(location.hash.slice(1));
    if (p.has("lang")) lang = p.get("lang") === "en" ? "en" : "zh";
    speak();
    by("words").value = p.get("q") || "";
    by("case").value = p.has("case") ? "=" + p.get("case") : "";
    if (by("case").selectedIndex < 0) by("case").value = "";
    search();
    const row = p.has("play") && rows.find(r => String(r[ID]) === p.get("play"));
    if (row) show(row);
  }

  by("search").onsubmit = e => e.preventDefault();
  by("words").oninput = () => { search(); remember(); };
  by("case").onchange = () => { search(); remember(); };
  by("before").onclick = () => { at--; fill(); };
  by("after").onclick = () => { at++; fill(); };
  by("chinese").onclick = () => { lang = "zh"; speak(); };
  by("english").onclick = () => { lang = "en"; speak(); };
  by("close").onclick = () => { shown = null; by("stage").replaceChildren(); by("view").hidden = true; remember(); };
  window.onhashchange = recall;
  recall();
})();
