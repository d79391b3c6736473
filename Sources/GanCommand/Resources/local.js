"use strict";
// What the pages of this machine's servers share: an element by its name, one made of its parts, and the key to the
// server.
const localPage = (() => {
  const slot = id => document.getElementById(id);

  // The address that was printed ends with the token. It is kept for this tab, and taken out of sight.
  const token = (() => {
    const given = location.hash.match(/^#([A-Za-z0-9]{24})$/)?.[1];
    try {
      if (given) {
        sessionStorage.setItem("token", given);
        history.replaceState(null, "", location.pathname);
      }
      return given ?? sessionStorage.getItem("token");
    } catch {
      return given;
    }
  })();

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    element.append(...children.flat().filter(child => child !== undefined && child !== null));
    return element;
  }

  return { slot, token, make };
})();
