// Draws every figure that the page carries as JSON; says so on <html> when all are drawn.
const figures = [...document.querySelectorAll('script[type="application/json"][data-chart]')];
Promise.all(figures.map((source) => {
  const figure = JSON.parse(source.textContent);
  const place = document.getElementById("chart-" + source.dataset.chart);
  return Plotly.newPlot(place, figure.data, figure.layout, { displayModeBar: false, responsive: true, showTips: false });
})).then(() => { document.documentElement.dataset.charts = String(figures.length); });
