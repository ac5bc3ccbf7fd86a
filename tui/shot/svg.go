package main

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// The size of a cell, in the proportions of the usual monospaced fonts.
const (
	cellW, cellH = 8.43, 17.0
	fontSize     = 14.0
	baseline     = 13.0
	margin       = 10.0
)

// svg draws the screen. Each run of one style is a text with its length given,
// so that columns stand under one another whatever font is there.
func svg(em *vt.SafeEmulator, light bool) string {
	w, h := em.Width(), em.Height()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" font-family="'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace" font-size="%g">`+"\n",
		float64(w)*cellW+2*margin, float64(h)*cellH+2*margin, fontSize)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", hex(paper(light)))
	for y := range h {
		for x := 0; x < w; {
			x += run1(&b, em, x, y, w, light)
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// run1 draws the run of one style that begins at x and returns how wide it is.
func run1(b *strings.Builder, em *vt.SafeEmulator, x, y, w int, light bool) int {
	first := cell(em, x, y)
	text, width := first.Content, max(first.Width, 1)
	for first.Width == 1 && x+width < w {
		c := cell(em, x+width, y)
		if c.Width != 1 || !c.Style.Equal(&first.Style) {
			break
		}
		text += c.Content
		width++
	}
	fg, bg := first.Style.Fg, first.Style.Bg
	if fg == nil {
		fg = ink(light)
	}
	if first.Style.Attrs&uv.AttrReverse != 0 {
		if bg == nil {
			bg = paper(light)
		}
		fg, bg = bg, fg
	}
	left, top := margin+float64(x)*cellW, margin+float64(y)*cellH
	if bg != nil {
		fmt.Fprintf(b, `<rect x="%.2f" y="%.1f" width="%.2f" height="%g" fill="%s"/>`, left, top, float64(width)*cellW+0.3, cellH+0.3, hex(bg))
	}
	if strings.TrimSpace(text) != "" {
		fmt.Fprintf(b, `<text x="%.2f" y="%.1f" textLength="%.2f" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="%s"%s>%s</text>`+"\n",
			left, top+baseline, float64(width)*cellW, hex(fg), attrs(first.Style), html.EscapeString(text))
	}
	return width
}

func attrs(s uv.Style) string {
	out := ""
	if s.Attrs&uv.AttrBold != 0 {
		out += ` font-weight="bold"`
	}
	if s.Attrs&uv.AttrItalic != 0 {
		out += ` font-style="italic"`
	}
	if s.Attrs&uv.AttrFaint != 0 {
		out += ` opacity="0.6"`
	}
	if s.Underline != 0 {
		out += ` text-decoration="underline"`
	}
	return out
}

func cell(em *vt.SafeEmulator, x, y int) uv.Cell {
	if c := em.CellAt(x, y); c != nil && c.Content != "" {
		return *c
	}
	return uv.EmptyCell
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
