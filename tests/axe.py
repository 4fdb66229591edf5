"""`axe(page)`: the rules of WCAG 2.2 AA on a page as it stands.

Most of axe's time goes to contrast, text by text. It follows from the text's colour, size and weight and from
the colours behind it: what passed with these, on whatever page, is not judged again. Neither is what axe says
it cannot judge whatever page it is on: over a picture, or a sign that may be no text. Text that lies over
something by its position alone always is, and so is what axe did not judge because nobody sees it.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_passed: set[str] = set()
_RUN = """async ({tags, passed}) => {
    const known = new Set(passed), grounds = new Map(), texts = new Map();
    // What is painted behind an element's text; null where its place and not its parent says so.
    function ground(element) {
        if (!element) return {behind: getComputedStyle(document.documentElement).colorScheme, effects: ''};
        if (grounds.has(element)) return grounds.get(element);
        const style = getComputedStyle(element), parent = ground(element.parentElement);
        const shifted = style.position === 'relative'
            && [style.top, style.left].some(at => !['auto', '0px'].includes(at));
        const moved = shifted || ['absolute', 'fixed'].includes(style.position) || style.transform !== 'none';
        const painted = style.backgroundColor !== 'rgba(0, 0, 0, 0)' || style.backgroundImage !== 'none';
        const opaque = /^rgb\\(/.test(style.backgroundColor) && style.backgroundImage === 'none';
        const own = [style.opacity, style.filter, style.mixBlendMode].join();
        const effects = parent.effects + (own === '1,none,normal' ? '' : own);
        let behind = moved ? null : parent.behind;
        if (opaque) behind = style.backgroundColor;
        else if (painted && behind !== null) behind += `/${style.backgroundColor} ${style.backgroundImage}`;
        grounds.set(element, {behind, effects});
        return grounds.get(element);
    }
    // Nothing to read inside, and no rule for contrast: ticks, dots and sliders.
    const fields = 'select, textarea, input:not(' + ['hidden', 'range', 'color', 'checkbox', 'radio', 'image']
        .map(type => `[type=${type}]`).join() + ')';
    const says = element => [...element.childNodes].filter(node => node.nodeType === 3)
        .map(node => node.data).join('').trim();
    const reads = text => /[^!-\\/:-@[-`{-~]/.test(text);  // axe judges no text of signs alone
    const clipped = style => style.position === 'absolute' && style.clip === 'rect(0px, 0px, 0px, 0px)';
    const signOf = (element, kind) => `${kind}\\n${says(element)}`;
    // What axe cannot judge for a reason that is the same wherever this kind stands.
    function never(element, {data}) {
        const kind = texts.get(element), reason = data?.messageKey;
        if (['shortTextContent', 'nonBmp'].includes(reason)) return signOf(element, kind);
        return ['bgImage', 'bgGradient'].includes(reason) && /url\\(|gradient\\(/.test(kind) ? kind : null;
    }
    for (const element of document.body.querySelectorAll('*')) {
        if (!reads(says(element)) && !element.matches(fields)) continue;
        const style = getComputedStyle(element);
        if (!element.checkVisibility({visibilityProperty: true}) || clipped(style)) continue;
        const {behind, effects} = ground(element);
        const kind = behind === null ? null : [
            behind, effects, style.color, style.fontSize, style.fontWeight, style.textShadow,
            style.webkitTextStroke, style.backgroundClip].join(';');
        if (kind === null || !(known.has(kind) || known.has(signOf(element, kind)))) texts.set(element, kind);
    }
    const runOnly = {type: 'tag', values: tags};
    const judged = selector => axe.configure({rules: [{id: 'color-contrast', selector}]});
    const placed = [...texts.keys()].filter(element => texts.get(element) === null);
    for (const element of placed) element.dataset.placed = '';
    judged('[data-placed]');
    const {violations} = await axe.run(document, {runOnly, resultTypes: ['violations']});
    for (const element of placed) delete element.dataset.placed;
    // A page that puts something else in its place meanwhile is judged anew.
    const changed = () => [...texts.keys()].some(element => !element.isConnected);
    if (changed()) return null;
    for (const element of placed) texts.delete(element);
    judged('*');
    async function contrast(include) {
        if (!include.length) return;
        const resultTypes = ['violations', 'passes', 'incomplete'];
        const found = await axe.run({include}, {runOnly: ['color-contrast'], resultTypes, elementRef: true});
        for (const rule of found.passes) for (const node of rule.nodes) known.add(texts.get(node.element));
        for (const rule of found.incomplete)
            for (const node of rule.nodes) known.add(never(node.element, node.any[0]));
        for (const rule of found.violations) for (const node of rule.nodes) delete node.element;
        violations.push(...found.violations);
    }
    const counts = new Map(), first = new Set();
    for (const [element, kind] of texts) {
        counts.set(kind, (counts.get(kind) || 0) + 1);
        if (counts.get(kind) <= 2) first.add(element);
    }
    await contrast([...first]);
    for (const [element, kind] of texts) if (first.has(element) || known.has(kind)) texts.delete(element);
    if (changed()) return null;
    await contrast([...texts.keys()]);
    known.delete(null);
    known.delete(undefined);
    return {violations, passed: [...known]};
}"""


# A page's later addresses have it at hand, read but not yet run.
_LOAD = f"window.axe_load = () => {{ {Axe().axe_script} }};"


def axe_check(page: Any) -> None:
    """Fail with each broken rule."""
    if not page.evaluate("() => window.axe_load ? !axe_load() : false"):
        page.add_init_script(_LOAD)
        page.evaluate(f"() => {{ {_LOAD} axe_load(); }}")
    # What is being asked for again is faded until it comes; what is half under the bar is not judged.
    page.wait_for_function("() => document.body && !document.querySelector('.htmx-request, .htmx-swapping')")
    page.evaluate("() => window.scrollTo(0, 0)")
    answers = (page.evaluate(_RUN, {"tags": TAGS, "passed": list(_passed)}) for _try in range(5))
    answer = next(filter(None, answers), None)
    assert answer is not None, "the page does not come to rest"
    found = AxeResults(answer)
    assert found.violations_count == 0, found.generate_report()
    _passed.update(answer["passed"])
