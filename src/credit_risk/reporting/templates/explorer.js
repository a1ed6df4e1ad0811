"use strict";
(() => {
  const svgSpace = "http://www.w3.org/2000/svg";
  for (const panel of document.querySelectorAll("[data-explorer]")) {
    const facts = JSON.parse(document.getElementById(panel.dataset.explorer).textContent);
    const slider = panel.querySelector("input[type=range]");
    const models = panel.querySelector("select");
    const chart = panel.parentElement.querySelector(".chart svg");
    const add = (tag, settings) => {
      const element = document.createElementNS(svgSpace, tag);
      for (const [name, value] of Object.entries(settings)) element.setAttribute(name, value);
      chart.append(element);
      return element;
    };
    const line = add("line", { class: "marker-line" });
    const dot = add("circle", { class: "marker-dot", r: 4.5 });

    const mark = (point) => {
      const frame = facts.frame;
      const x = frame.left + (frame.width * (point[0] - frame.x_low)) / (frame.x_high - frame.x_low);
      const rate = Math.min(Math.max(point[1], frame.y_low), frame.y_high);
      const y = frame.top + (frame.height * (frame.y_high - rate)) / (frame.y_high - frame.y_low);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      line.setAttribute("y1", frame.top);
      line.setAttribute("y2", frame.top + frame.height);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      dot.setAttribute("visibility", point[2] ? "visible" : "hidden");
    };

    const show = () => {
      const step = Number(slider.value);
      const model = facts.models[Number(models.value)];
      const values = model.steps[step];
      panel.querySelectorAll("[data-value]").forEach((place, at) => {
        place.textContent = values[at];
      });
      panel.querySelector("[data-swap]").textContent = model.swaps[step] || "";
      slider.setAttribute("aria-valuetext", values.slice(0, 3).join(", "));
      mark(model.points[step]);
    };

    const move = (by) => {
      slider.value = Number(slider.value) + by;
      show();
    };
    slider.addEventListener("input", show);
    models.addEventListener("change", show);
    for (const button of panel.querySelectorAll("button")) {
      button.addEventListener("click", () => move(Number(button.value)));
    }
    panel.hidden = false;
    show();
  }
})();
