'use strict';
// Without this script every step is shown below the other.
{
  const steps = [...document.querySelectorAll('.step')];
  const edges = [...document.querySelectorAll('.edge')];
  const panel = (step) => document.getElementById(step.getAttribute('aria-controls'));
  const look = (at) => {
    steps.forEach((step, number) => {
      const chosen = number === at;
      step.setAttribute('aria-selected', String(chosen));
      step.setAttribute('tabindex', chosen ? '0' : '-1');
      panel(step).hidden = !chosen;
    });
    for (const edge of edges) {
      const near = edge.dataset.from === String(at) || edge.dataset.to === String(at);
      edge.classList.toggle('near', near);
    }
  };
  const go = (at) => {
    const to = Math.min(Math.max(at, 0), steps.length - 1);
    look(to);
    steps[to].focus();
    steps[to].scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
  steps.forEach((step, number) => {
    step.addEventListener('click', (event) => {
      event.preventDefault();
      go(number);
    });
    step.addEventListener('keydown', (event) => {
      const ways = {
        ArrowDown: number + 1, ArrowRight: number + 1, ArrowUp: number - 1, ArrowLeft: number - 1,
        Home: 0, End: steps.length - 1,
      };
      if (event.key in ways) {
        event.preventDefault();
        go(ways[event.key]);
      } else if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        panel(step).focus();
      }
    });
  });
  if (steps.length > 0) {
    document.documentElement.classList.add('looking');
    look(steps.length - 1);
    const box = document.querySelector('.picture');
    const { x, y } = steps[steps.length - 1].querySelector('rect');
    box.scrollTo(x.baseVal.value - box.clientWidth / 2, y.baseVal.value - box.clientHeight / 2);
  }
}
