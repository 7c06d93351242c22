// TableList: any list of a cluster as the server's Table, page by page, then kept true by a watch.
// Rows are compact (one string each), so that 50,000 fit. Order and filter are kept as an index
// that is made anew only when something changed. Thread: the one thread. Owns: its rows and
// requests.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "web/client/discovery.h"

namespace web {

struct TableColumn {
  std::string name, format;
  int priority = 0;
  bool number = false;
};

struct TableRow {
  std::string blob;            // uid, namespace, name, labels, then one cell after the other
  std::vector<uint16_t> ends;  // where each of these ends in blob (cells are cut at 4 KiB)
  int64_t created = 0;         // ms
  int64_t deleting = 0;
  double changed = 0;  // now_ms of its last change by the watch
  std::string_view part(size_t i) const {
    if (i >= ends.size()) return {};
    const size_t from = i == 0 ? 0 : ends[i - 1];
    return std::string_view(blob).substr(from, ends[i] - from);
  }
  std::string_view uid() const { return part(0); }
  std::string_view ns() const { return part(1); }
  std::string_view name() const { return part(2); }
  std::string_view labels() const { return part(3); }  // a=b c=d
  std::string_view cell(size_t column) const { return part(4 + column); }
};

class TableList {
 public:
  enum class State { kIdle, kLoading, kLive, kFailed };
  TableList(Api& api, std::string base, ApiKind kind)
      : api_(api), base_(std::move(base)), kind_(std::move(kind)) {}
  ~TableList() { stop(); }
  TableList(const TableList&) = delete;
  TableList& operator=(const TableList&) = delete;

  // Starts over when the namespaces differ from those asked for before. Several namespaces are read
  // as one list and filtered here.
  void show(const std::vector<std::string>& namespaces);
  // Query parameters for lists and watches, "labelSelector=a%3Db"; before the first `show`.
  void narrow(std::string query) { query_ = std::move(query); }
  void stop();
  void restart();
  void tick(double now);  // a broken watch begins again

  State state() const { return state_; }
  bool complete() const { return complete_; }
  const Status& error() const { return error_; }
  const std::vector<TableColumn>& columns() const { return columns_; }
  const std::vector<TableRow>& rows() const { return rows_; }
  const ApiKind& kind() const { return kind_; }
  uint64_t version() const { return version_; }
  int64_t remaining() const { return remaining_; }
  const TableRow* by_uid(std::string_view uid) const;
  bool wanted(const TableRow& row) const;  // by the namespaces

 private:
  void load_page();
  void take_columns(const Json& table);
  static TableRow make_row(const Json& row, size_t columns);
  void put(TableRow row);
  void drop(std::string_view uid);
  void watch();
  void on_watch(std::string_view bytes);
  void on_event(std::string_view line);

  Api& api_;
  std::string base_;
  ApiKind kind_;
  std::vector<std::string> namespaces_;
  std::string one_namespace_, query_;
  State state_ = State::kIdle;
  bool complete_ = false, started_ = false;
  Status error_ = Status::not_found_path();
  std::vector<TableColumn> columns_;
  std::vector<TableRow> rows_;
  std::unordered_map<std::string, size_t> index_;  // by uid
  std::string continue_, revision_, rest_;
  int64_t remaining_ = 0;
  uint64_t version_ = 0;
  RequestId request_ = 0;
  double again_at_ = -1, pause_ = 0;
  bool fresh_ =
      false;  // the next page is the first of a list read anew: rows not in it are dropped
  std::unordered_map<std::string, bool> seen_;
};

}  // namespace web
