// Grid: a table of many rows: sorted, selected, scrolled, driven by keys; only the rows in view are
// drawn. What a row shows is the source's. Thread: the one thread. Owns: selection, cursor, sort,
// widths.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "web/widgets/ui.h"

namespace web {

struct GridColumn {
  std::string id, title;
  float width = 100;  // least
  float grow = 0;     // share of what is left
  bool right = false;
  bool sortable = true;
  int drop = 0;  // leaves first where it is narrow: the highest; 0 stays
};

struct RowLook {
  bool hovered = false, selected = false, cursor = false;
};

class Grid;

class GridSource {
 public:
  virtual ~GridSource() = default;
  virtual int count() = 0;
  virtual uint64_t version() = 0;  // changes when keys, order or heights do
  virtual std::string_view key(int row) = 0;
  virtual std::string name(int row) = 0;  // what the row is called by a screen reader
  virtual std::string href(int row) = 0;  // where its name leads
  virtual bool second_line(int /*row*/) { return false; }
  virtual double changed(int /*row*/) { return 0; }
  // A row that stands over those after it: it is not selected, and drawn as one piece.
  virtual bool heading(int /*row*/) { return false; }
  virtual void draw_heading(Grid& /*grid*/, int /*row*/, const Rect& /*r*/) {}
  virtual void draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook& look) = 0;
  virtual std::string cell_words(int row, int column) = 0;
  virtual void draw_second(Grid& /*grid*/, int /*row*/, const Rect& /*r*/) {}
  virtual void row_menu(int /*row*/) {}  // items
  virtual void open(int row, const Hit& how) = 0;
};

struct GridOptions {
  float row_height = 40;
  float menu_width = 220;
  bool select = true;
  bool menu = true;
  bool keys = true;  // the page has the keyboard
  std::string_view label;
};

class Grid {
 public:
  std::set<std::string, std::less<>> selected;
  std::string cursor;     // key of the row that keys act on
  std::string sort = "";  // a column's id
  bool descending = false;
  bool sort_changed = false;

  void draw(const Rect& r, GridSource& source, const std::vector<GridColumn>& columns,
            const GridOptions& options);
  void prune(GridSource& source);  // forgets rows that are gone
  // For cells: a part of the row that does something of its own when pressed.
  void zone(const Rect& r, Role role, std::string_view label, std::function<void()> action,
            std::string_view href = {});
  Rect cell_of(int column) const { return cells_[static_cast<size_t>(column)]; }
  int cursor_row() const { return cursor_row_; }
  float first_text_x() const { return name_x_; }

 private:
  struct Zone {
    Rect r;
    std::function<void()> action;
  };
  void layout(const Rect& r, const std::vector<GridColumn>& columns, const GridOptions& o);
  void head(const Rect& r, GridSource& source, const std::vector<GridColumn>& columns,
            const GridOptions& o);
  void rows(const Rect& r, GridSource& source, const std::vector<GridColumn>& columns,
            const GridOptions& o);
  void row(GridSource& source, int i, const Rect& r, const std::vector<GridColumn>& columns,
           const GridOptions& o);
  void row_mark(GridSource& source, int i, const Rect& line, ImGuiID id, bool on, bool hovered);
  void select(GridSource& source, int i) {
    if (!source.heading(i)) selected.emplace(source.key(i));
  }
  void press(GridSource& source, int i, const Hit& h, const Rect& row, const GridOptions& o);
  void keys(GridSource& source, float view, const GridOptions& o);
  void heights(GridSource& source, const GridOptions& o);
  float top_of(int i, const GridOptions& o) const;
  int at(float y, const GridOptions& o, int count) const;

  std::vector<Rect> cells_;  // of the row being drawn; empty ones are not shown
  std::vector<int> order_;   // columns shown
  std::vector<float> tops_;  // when rows differ in height
  uint64_t tops_version_ = ~0ull;
  float tops_row_ = 0;
  std::vector<Zone> zones_;
  int cursor_row_ = -1, menu_row_ = -1, range_from_ = -1;
  std::string menu_key_;
  bool scroll_to_cursor_ = false;
  float name_x_ = 0;
  ImVec2 menu_at_;
  float scroll_ = 0;
};

}  // namespace web
