#include "web/widgets/ansi.h"

namespace web {
namespace {

void apply(std::string_view parameters, Span& now) {
  while (true) {
    const size_t end = parameters.find(';');
    int n = 0;
    for (const char ch : parameters.substr(0, end)) {
      if (ch >= '0' && ch <= '9' && n < 1000) n = n * 10 + (ch - '0');
    }
    if (n == 0)
      now.color = -1, now.bold = false;
    else if (n == 1)
      now.bold = true;
    else if (n == 22)
      now.bold = false;
    else if (n >= 30 && n <= 37)
      now.color = static_cast<int8_t>(n - 30);
    else if (n >= 90 && n <= 97)
      now.color = static_cast<int8_t>(n - 90);
    else if (n == 39)
      now.color = -1;
    else if (n == 38 || n == 48)
      return;  // 256 and true colours stay plain
    if (end == parameters.npos) return;
    parameters = parameters.substr(end + 1);
  }
}

}  // namespace

AnsiLine parse_ansi(std::string_view raw) {
  AnsiLine line;
  Span now{0, -1, false};
  bool changed = false;
  for (size_t i = 0; i < raw.size(); i++) {
    const auto ch = static_cast<unsigned char>(raw[i]);
    if (ch == 0x1b) {
      if (i + 1 < raw.size() && raw[i + 1] == '[') {
        size_t end = i + 2;
        while (end < raw.size() && (raw[end] < 0x40 || raw[end] > 0x7e)) end++;
        if (end < raw.size() && raw[end] == 'm') {
          apply(raw.substr(i + 2, end - i - 2), now);
          changed = true;
        }
        i = end;
      } else {
        i++;
      }
      continue;
    }
    if (changed) {
      now.from = static_cast<uint32_t>(line.text.size());
      line.spans.push_back(now);
      changed = false;
    }
    if (ch == '\t')
      line.text += "    ";
    else if (ch >= 0x20)
      line.text += static_cast<char>(ch);
  }
  return line;
}

}  // namespace web
