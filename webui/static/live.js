// Keeps times true while a page stays open, in the reader's own time zone; tells screen readers
// what a refresh has changed; and says so when the page cannot be renewed. Pages are complete
// without it.
(() => {
  const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat([], { day: "numeric", month: "short", year: "numeric" });
  const moment = new Intl.DateTimeFormat([], {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  });

  const span = (at) => {
    const seconds = Math.abs(at - Date.now()) / 1000;
    for (const [name, length] of steps) {
      const count = Math.floor(seconds / length);
      if (count) return `${count} ${name}${count > 1 ? "s" : ""}`;
    }
    return "";
  };
  const relative = (at) => {
    const amount = span(at);
    if (!amount) return "just now";
    return at < Date.now() ? `${amount} ago` : `in ${amount}`;
  };
  const sinceMidnight = (at) => at.toDateString() === new Date().toDateString();

  const worded = {
    ago: relative,
    age: (at) => span(at) || "less than a minute",
    day: (at) => day.format(at),
    moment: (at) => moment.format(at),
    clock: (at) => (sinceMidnight(at) ? clock : moment).format(at),
  };

  const tell = () => {
    for (const element of document.querySelectorAll("time[data-time]")) {
      const at = new Date(element.dateTime);
      const text = worded[element.dataset.time](at);
      if (element.textContent !== text) element.textContent = text;
      element.title = moment.format(at);
    }
  };

  const announce = () => {
    const news = document.getElementById("live")?.dataset.announce;
    const place = document.getElementById("announce");
    if (news && place && place.dataset.last !== news) {
      if (place.dataset.last !== undefined) place.textContent = news;
      place.dataset.last = news;
    }
  };

  // The number beside "Approvals", and before the title of a tab in the background.
  const title = document.title;
  const count = () => {
    const waiting = document.getElementById("live")?.dataset.waiting;
    if (waiting === undefined) return;
    document.getElementById("waiting-count").textContent = waiting === "0" ? "" : waiting;
    document.title = waiting === "0" ? title : `(${waiting}) ${title}`;
  };

  const freshen = () => {
    tell();
    announce();
    count();
  };

  document.body.addEventListener("htmx:afterSettle", freshen);

  // When we cannot be reached the page stays as it is, and says how old that is.
  let renewed = new Date();
  const lost = (why) => {
    const place = document.getElementById("connection");
    if (place.firstChild) return;
    const box = document.createElement("div");
    box.className = "notice notice-bad lost";
    const words = document.createElement("div");
    const strong = document.createElement("strong");
    strong.textContent = `${why} `;
    words.append(strong, `You still see this page as of ${worded.clock(renewed)}; it is tried again by itself.`);
    box.append(words);
    place.append(box);
  };
  const found = () => {
    renewed = new Date();
    document.getElementById("connection").replaceChildren();
  };
  document.body.addEventListener("htmx:sendError", () => lost("The Request Broker cannot be reached."));
  document.body.addEventListener("htmx:timeout", () => lost("The Request Broker takes too long to answer."));
  document.body.addEventListener("htmx:responseError", () => lost("The Request Broker could not renew this page."));
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) found();
  });

  freshen();
  document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  window.setInterval(tell, 20000);
})();
