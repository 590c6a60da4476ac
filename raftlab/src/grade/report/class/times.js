times => {
  "use strict";
  const place = document.getElementById("times");
  if (!place) return;
  const seconds = value => value === undefined ? "" : value.toFixed(1) + " s";
  const sum = values => Object.values(values).reduce((all, value) => all + value, 0);
  const make = (parent, name, text, attributes = {}) => {
    const element = document.createElement(name);
    element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  const row = (parent, cells, name) => {
    const line = make(parent, "tr", "");
    make(line, name, cells[0], { scope: name === "th" && parent.tagName === "THEAD" ? "col" : "row" });
    for (const cell of cells.slice(1)) make(line, parent.tagName === "THEAD" ? "th" : "td", cell, { class: "number" });
    return line;
  };
  place.textContent = "";
  const frame = make(place, "div", "", { class: "wide times", tabindex: "0", role: "region", "aria-labelledby": "took" });
  const table = make(frame, "table", "");
  row(make(table, "thead", ""), ["submission", "build", "play"], "th");
  const body = make(table, "tbody", "");
  const ids = [...new Set([...Object.keys(times.build_s), ...Object.keys(times.play_s)])].sort();
  for (const id of ids) row(body, [id, seconds(times.build_s[id]), seconds(times.play_s[id])], "th");
  row(body, ["all", seconds(sum(times.build_s)), seconds(sum(times.play_s))], "th").className = "sum";
}
