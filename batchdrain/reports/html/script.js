(function () {
  "use strict";
  var SAME = "as its cluster";
  function cut(text) { return text.length > 80 ? text.slice(0, 79) + "…" : text; }
  var table = document.getElementById("phases"), tools = document.getElementById("tools");
  if (!table || !tools) { return; }
  var rows = [], body = document.createElement("tbody"), head = table.tHead.rows[0], run = document.createElement("th");
  run.scope = "col";
  run.textContent = "Run";
  head.insertBefore(run, head.cells[0]);
  Array.prototype.slice.call(table.tBodies).forEach(function (group) {
    var name = group.rows[0].textContent;
    Array.prototype.slice.call(group.rows, 1).forEach(function (row) {
      var link = row.cells[4].firstElementChild, cluster = link && link.textContent === SAME && document.getElementById(link.hash.slice(1));
      if (cluster) { link.textContent = cut(cluster.querySelector(".reason").textContent); }
      row.insertCell(0).textContent = name;
      rows.push(row);
      body.appendChild(row);
    });
    table.removeChild(group);
  });
  table.appendChild(body);
  var search = document.getElementById("search"), only = document.getElementById("only"), told = document.getElementById("told");
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row, at) {
      var fits = (!only.value || (only.value === "f" && row.className !== "k") || row.cells[2].textContent === only.value) &&
        words.every(function (word) { return texts[at].indexOf(word) >= 0; });
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    told.textContent = shown + " of " + rows.length + " shown";
  }
  function sort(column, cell) {
    var down = cell.getAttribute("aria-sort") === "ascending", numbers = cell.className === "n";
    Array.prototype.forEach.call(head.cells, function (other) { other.removeAttribute("aria-sort"); });
    cell.setAttribute("aria-sort", down ? "descending" : "ascending");
    var keyed = rows.map(function (row, at) {
      var text = row.cells[column].textContent;
      return { row: row, at: at, key: numbers ? (text === "" ? -1 : parseFloat(text)) : text.toLowerCase() };
    });
    keyed.sort(function (one, two) {
      var order = one.key < two.key ? -1 : one.key > two.key ? 1 : 0;
      return (down ? -order : order) || one.at - two.at;
    });
    keyed.forEach(function (one) { body.appendChild(one.row); });
  }
  Array.prototype.forEach.call(head.cells, function (cell, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.textContent;
    cell.textContent = "";
    cell.appendChild(button);
    button.addEventListener("click", function () { sort(column, cell); });
  });
  search.addEventListener("input", filter);
  only.addEventListener("change", filter);
  tools.hidden = false;
  filter();
}());
