#!/usr/bin/env python3
"""Turns web/tokens.json into the C++ header and the CSS variables of the HTML pages.

usage: gen_tokens.py tokens.json OUT_DIR   (writes tokens.gen.h, tokens.gen.css)
"""
import json
import os
import sys


def camel(path):
    return "k" + "".join(p[:1].upper() + p[1:] for p in path)


def imgui_color(text):
    h = text.lstrip("#")
    r, g, b = (int(h[i:i + 2], 16) for i in (0, 2, 4))
    a = int(h[6:8], 16) if len(h) == 8 else 255
    return "0x%02X%02X%02X%02Xu" % (a, b, g, r)


def flat_colors(node, path=()):
    for key, value in node.items():
        if isinstance(value, dict):
            yield from flat_colors(value, path + (key,))
        elif isinstance(value, str) and value.startswith("#"):
            yield path + (key,), value
        elif isinstance(value, list):
            for i, item in enumerate(value):
                yield path + (key, str(i)), item


def numbers(node, path):
    for key, value in node.items():
        if isinstance(value, dict):
            yield from numbers(value, path + (key,))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield path + (key,), value


def shadows(theme, layers):
    out = []
    for name in ("button", "menu", "dialog"):
        for i in range(2):
            layer = layers[name][i] if i < len(layers[name]) else {"y": 0, "blur": 0, "color": "#00000000"}
            out.append("{%sf, %sf, %s}" % (float(layer["y"]), float(layer["blur"]),
                                           imgui_color(layer["color"])))
    return out


def header(t):
    out = ["// Generated from web/tokens.json. No other place holds a colour or a length.",
           "#pragma once", "", "#include <cstdint>", "", "namespace web::tokens {", ""]
    names = [p for p, _ in flat_colors(t["color"]["light"])]
    out += ["struct Shadow {", "  float y, blur;", "  uint32_t color;", "};", "struct Colors {"]
    out += ["  uint32_t %s;" % "_".join(p) for p in names]
    out += ["  uint32_t selection_text;", "  Shadow shadow_button[2], shadow_menu[2], shadow_dialog[2];", "};"]
    for theme in ("light", "dark"):
        values = dict(flat_colors(t["color"][theme]))
        row = [imgui_color(values[n]) for n in names]
        row.append(imgui_color(t["selection"]["text"][theme]))
        s = shadows(theme, t["shadow"][theme])
        row += ["{%s, %s}" % (s[i], s[i + 1]) for i in (0, 2, 4)]
        out.append("inline constexpr Colors %s = {" % camel((theme,)))
        out += ["    %s," % v for v in row]
        out.append("};")
    out += ["", "enum class Font : uint8_t { ui400, ui500, ui600, mono400 };",
            "struct TextStyle {", "  Font font;", "  float size, line;", "};"]
    for name, s in t["type"]["scale"].items():
        font = "mono400" if s["family"] == "mono" else "ui%d" % s["weight"]
        out.append("inline constexpr TextStyle %s = {Font::%s, %sf, %sf};" %
                   (camel(("type", name)), font, float(s["size"]), float(s["line"])))
    out.append("")
    for section in ("space", "radius", "stroke", "size", "shell", "motion", "meter", "focusRing"):
        for path, value in numbers(t[section], (section,)):
            out.append("inline constexpr float %s = %sf;" % (camel(path), float(value)))
    out.append("")
    for name, code in t["icons"].items():
        words = [w for w in name.split("-")]
        out.append("inline constexpr uint32_t %s = 0x%s;" % (camel(["icon"] + words), code))
    out += ["", "}  // namespace web::tokens", ""]
    return "\n".join(out)


def css(t):
    out = ["/* Generated from web/tokens.json. */"]
    for theme, selector in (("light", ":root"), ("dark", ':root[data-theme="dark"]')):
        out.append(selector + " {")
        out.append("  color-scheme: %s;" % theme)
        for path, value in flat_colors(t["color"][theme]):
            out.append("  --%s: %s;" % ("-".join(path), value))
        out.append("}")
    return "\n".join(out) + "\n"


def main():
    with open(sys.argv[1]) as f:
        t = json.load(f)
    os.makedirs(sys.argv[2], exist_ok=True)
    for name, text in (("tokens.gen.h", header(t)), ("tokens.gen.css", css(t))):
        path = os.path.join(sys.argv[2], name)
        if not os.path.exists(path) or open(path).read() != text:
            with open(path, "w") as f:
                f.write(text)


main()
