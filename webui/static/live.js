// Keeps times true while a page stays open, in the reader's own time zone, and tells screen
// readers what a refresh has changed. Pages are complete without it.
(() => {
  const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat([], { day: "numeric", month: "short", year: "numeric" });
  const moment = new Intl.DateTimeFormat([], {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  });

  const relative = (at) => {
    const seconds = (at - Date.now()) / 1000;
    for (const [name, length] of steps) {
      const count = Math.floor(Math.abs(seconds) / length);
      if (count) {
        const amount = `${count} ${name}${count > 1 ? "s" : ""}`;
        return seconds < 0 ? `${amount} ago` : `in ${amount}`;
      }
    }
    return "just now";
  };

  const worded = {
    ago: relative,
    day: (at) => day.format(at),
    moment: (at) => moment.format(at),
    clock: (at) => (at.toDateString() === new Date().toDateString() ? clock : moment).format(at),
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

  const freshen = () => {
    tell();
    announce();
  };
  freshen();
  document.body.addEventListener("htmx:afterSettle", freshen);
  window.setInterval(tell, 20000);
})();
