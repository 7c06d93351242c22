// Ansi: a line of a log as text and coloured spans; escape sequences are read (colours) or dropped
// (the rest). Thread: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace web {

struct Span {
  uint32_t from;
  int8_t color;  // 0-7 of the terminal's palette, -1 plain
  bool bold = false;
};
struct AnsiLine {
  std::string text;
  std::vector<Span> spans;  // sorted; empty: all plain
};
AnsiLine parse_ansi(std::string_view raw);

}  // namespace web
