// Asks for what the page begins with while its modules are still on their way; api.js hands each answer out once.
(() => {
  const paths = ["session"];
  try {
    if (localStorage.getItem("ha-bridge-signed-in")) paths.push("overview", ...(/^#?\/?$/.test(location.hash) ? ["activity"] : []));
  } catch {
    // A browser that keeps nothing waits a little longer.
  }
  window.early = new Map(paths.map((path) => {
    const answer = fetch(`api/v1/${path}`, { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" });
    // Whoever takes it finds the failure; nobody may.
    answer.catch(() => {});
    return [path, answer];
  }));
})();
