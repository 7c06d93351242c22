// Terminal: a cell grid driven by libvterm, with scrollback, selection and keys. Bytes in by
// feed(), keys out by `output`. Thread: the one thread. Owns: the emulator and the lines scrolled
// off.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "web/widgets/ui.h"

namespace web {

class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  void feed(std::string_view bytes);
  void paste(std::string_view text);
  void draw(const Rect& r);
  bool focused() const { return focused_; }
  void focus() { focused_ = true; }
  std::function<void(std::string_view)> output;
  std::function<void(int columns, int rows)> resized;
  std::string selection() const;
  std::string screen_text() const;

 private:
  struct Vt;
  struct Cell {
    char32_t code = ' ';
    Color fg = 0, bg = 0;  // 0: the default
    bool bold = false, reverse = false, wide = false, underline = false;
  };
  using Line = std::vector<Cell>;
  void fit(const Rect& r);
  void keys();
  void mouse(const Rect& r);
  Line line_at(int row) const;  // negative rows are scrolled off
  void draw_line(const Line& line, float x, float y, int row);
  std::unique_ptr<Vt> vt_;
  std::deque<Line> scrolled_;
  int columns_ = 80, rows_ = 24, back_ = 0;  // lines looked back
  float cell_w_ = 7, cell_h_ = 18;
  bool focused_ = false, selecting_ = false;
  ImVec2 from_, to_;  // selection in cells, row counted from the oldest line
  bool selected_ = false;
  friend struct TerminalHooks;
};

}  // namespace web
