// Draws every figure of the page. Its numbers stand in a table below it too, for those who do not see it.
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = (place) => {
    const { data, layout } = JSON.parse(place.querySelector("script").textContent);
    const grid = { gridcolor: style("--line"), linecolor: style("--line"), zerolinecolor: style("--soft"), automargin: true };
    Plotly.react(place.querySelector(".plot"), data, {
      ...layout,
      xaxis: { ...grid, ...layout.xaxis },
      yaxis: { ...grid, ...layout.yaxis },
      colorway: ["--series-1", "--series-2", "--series-3", "--series-4"].map(style),
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: style("--ink"), family: getComputedStyle(document.body).fontFamily },
      margin: { l: 56, r: 16, t: 16, b: 56 },
      height: 320,
    }, { responsive: true, displayModeBar: false });
  };

  const drawAll = () => document.querySelectorAll("figure.chart").forEach(draw);
  drawAll();
  document.addEventListener("themechange", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
