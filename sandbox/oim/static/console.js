/* Sections that carry `data-tab` become tabs: without scripts they stand one below the other. And
   where a menu is wider than the window, the place where one is comes into sight. */
"use strict";
(function () {
  function tabs(holder) {
    var panels = Array.prototype.slice.call(holder.querySelectorAll("[data-tab]"));
    if (panels.length < 2) { return; }
    var list = document.createElement("div");
    list.className = "tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", holder.dataset.tabs);
    var buttons = panels.map(function (panel, at) {
      var heading = panel.querySelector("h2"), button = document.createElement("button");
      button.type = "button";
      button.className = "tab";
      button.id = panel.id + "-button";
      button.textContent = panel.dataset.tab || heading.textContent;
      button.setAttribute("role", "tab");
      button.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", button.id);
      button.addEventListener("click", function () { show(at); });
      button.addEventListener("keydown", function (event) { move(event, at); });
      list.appendChild(button);
      return button;
    });
    function show(at) {
      buttons.forEach(function (button, other) {
        button.setAttribute("aria-selected", String(other === at));
        button.tabIndex = other === at ? 0 : -1;
        panels[other].hidden = other !== at;
      });
    }
    function move(event, at) {
      var steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 };
      if (!(event.key in steps)) { return; }
      event.preventDefault();
      var next = (steps[event.key] + buttons.length) % buttons.length;
      show(next);
      buttons[next].focus();
    }
    function asked() {
      var found = panels.findIndex(function (panel) { return "#" + panel.id === location.hash; });
      if (found >= 0) { show(found); }
      return found >= 0;
    }
    holder.insertBefore(list, holder.firstChild);
    if (!asked()) { show(0); }
    window.addEventListener("hashchange", asked);
  }
  Array.prototype.forEach.call(document.querySelectorAll("nav [aria-current]"), function (here) {
    here.scrollIntoView({ block: "nearest", inline: "center" });
  });
  Array.prototype.forEach.call(document.querySelectorAll("[data-tabs]"), tabs);
})();
