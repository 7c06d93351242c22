// CodeEditor: YAML to read and to write, alone or beside the text it is compared with. Both sides
// scroll as one, the right one is edited. Thread: the one thread. Owns: the text, its history,
// caret and selection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/widgets/ui.h"
#include "web/widgets/yaml_text.h"

namespace web {

class CodeEditor {
 public:
  void set_text(std::string_view text);  // forgets the history
  std::string text() const;
  void set_base(std::string_view text);             // what it is compared with
  void set_error(int line) { error_line_ = line; }  // 1-based, 0 none
  void set_read_only(bool on) { read_only_ = on; }
  uint64_t version() const { return version_; }
  void draw(const Rect& r, bool compare);
  int changes();  // runs of lines that differ
  void go_to_change(int step);
  int current_change() const { return change_ > 0 ? change_ : 1; }
  std::string path_at_caret() const;  // spec.template.spec.containers.image
  bool focused() const { return focused_; }

 private:
  struct Pos {
    int line = 0, at = 0;  // at is a byte
    bool operator==(const Pos&) const = default;
    auto operator<=>(const Pos&) const = default;
  };
  static constexpr size_t kHistoryMax = 200;
  struct Snapshot {
    std::vector<std::string> lines;
    Pos caret;
  };
  void rows(bool compare);
  void draw_side(const Rect& r, bool right, float base, int first, int last);
  void draw_text(const std::vector<std::string>& lines, const std::vector<int>& blocks, int line,
                 float x, float y);
  void keys(float view);
  void edit_keys();
  void mouse(const Rect& text_r, float base);
  void move(Pos to, bool select);
  void insert(std::string_view text);
  void erase_selection();
  void remember(int kind);
  void restore(std::vector<Snapshot>& from, std::vector<Snapshot>& to);
  void changed();
  void indent_lines(int by);
  bool has_selection() const { return anchor_ != caret_; }
  std::string selected() const;
  Pos step(Pos p, int by) const;
  Pos word(Pos p, int by) const;
  float x_of(std::string_view line, size_t at) const;
  size_t byte_at(std::string_view line, float x) const;
  int row_of(int right_line) const;

  std::vector<std::string> lines_{""}, base_{""};
  std::vector<int> blocks_, base_blocks_;  // block scalar state before each line
  std::vector<DiffRow> rows_;
  std::vector<int> opened_;  // left lines whose folds were opened
  Pos caret_, anchor_;
  std::vector<Snapshot> undo_, redo_;
  int last_edit_ = 0;
  int error_line_ = 0, change_ = 0;
  uint64_t version_ = 1, rows_version_ = 0, base_version_ = 1;
  bool rows_compare_ = false, focused_ = false, scroll_to_caret_ = false, dragging_ = false,
       read_only_ = false;
  int scroll_to_row_ = -1;
  float cell_ = 7;
};

}  // namespace web
