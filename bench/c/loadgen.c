/*
 * loadgen: a cheap and honest load client for a Centrifuge server on this machine (Linux, one thread, epoll).
 *
 * Opens N WebSocket connections, connects and subscribes each, then measures for a fixed window what the server
 * delivers and what it costs: CPU (user + system, all threads) of the processes given with --pids, from the kernel's
 * clock of that process. Publications come from HTTP publishers inside this client (--publishers), from publish commands over
 * the sockets (--pub), or from a server that publishes by itself when it gets SIGUSR2 (--signal). With --mint the HTTP
 * publishers ask a platform for connection tokens instead.
 *
 * Every received byte is parsed as WebSocket frames, messages inside a frame are counted by newline. With --check,
 * offsets must rise by one per connection, or the run fails. Latency is taken on every --sample'th connection from a
 * "t":"<20 digits of CLOCK_MONOTONIC ns>" member of the payload. How many messages the server merged into one write is
 * told from the TCP segments that arrived (perWrite): a write that finds the connection idle is one segment.
 *
 * With --recover FILE every subscriber recovers: line n of the file is "OFFSET EPOCH TOP" of channel n, and the run fails
 * unless the answer is `recovered` and holds each publication behind OFFSET up to TOP once, in order.
 *
 * Prints one line of JSON.
 *
 * Build: cc -O2 -o loadgen loadgen.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { CONNECTING, UPGRADING, AUTHENTICATING, SUBSCRIBING, READY, LEAVING, DEAD };
enum kind { SUBSCRIBER, PUBLISHER };

typedef struct {
  enum kind kind;
  int fd, index, subscriptions_left;
  enum state state;
  char *rest; /* bytes of a message that has not arrived whole */
  int rest_length;
  uint64_t started_ns, last_offset;
} Conn;

/* ── options ─────────────────────────────────────────────────────────────────────────────────────────────────────── */
static int subscribers = 1000, port = 8000, channels = 1, subscriptions_each = 1, sample = 50, window_size = 200;
static int storm = 0, concurrency = 200, idle = 0, publish_over_socket = 0, use_signal = 0, publishers = 0, batch = 1, check = 0, mint = 0;
static double warm_up_s = 1, warm_up_rate = 0, duration_s = 5, lazy_ms = 0, rate = 0;
static const char *path = "/connection/websocket", *api = "/api", *auth = "", *channel_prefix = "bench";
static char *tokens[4096];
static int token_count = 0;
enum { MAX_PLACES = 4096 };
static struct {
  uint64_t offset, top;
  char epoch[64];
} places[MAX_PLACES]; /* where each channel's subscribers recover from, and where its stream ends */
static int place_count = 0;
static int pids[64], pid_count = 0;

/* ── what was measured ───────────────────────────────────────────────────────────────────────────────────────────── */
static Conn *conns;
static int epoll_fd, ready = 0, opened = 0, lost = 0, storms_done = 0, in_flight = 0;
static uint64_t messages = 0, frames = 0, reads = 0, bytes = 0, requests = 0;
static uint32_t *latencies_us;
static size_t latency_count = 0;
static const size_t latency_capacity = 4u << 20;
static int measuring = 0, is_lazy = 0;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void fail(const char *what, const char *text, size_t length) {
  fprintf(stderr, "%s: %.*s\n", what, (int)(length > 300 ? 300 : length), text);
  exit(1);
}

static void note_latency(uint64_t us) {
  if (measuring && latency_count < latency_capacity) latencies_us[latency_count++] = us;
}

/* ── the server's side of the bill ───────────────────────────────────────────────────────────────────────────────── */

static double server_cpu_s(void) {
  double seconds = 0;
  for (int i = 0; i < pid_count; i++) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pids[i], &clock) || clock_gettime(clock, &t)) die("the server's CPU clock");
    seconds += t.tv_sec + t.tv_nsec / 1e9;
  }
  return seconds;
}

static double server_rss_mb(void) {
  double kb = 0;
  for (int i = 0; i < pid_count; i++) {
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%d/status", pids[i]);
    FILE *file = fopen(name, "r");
    if (!file) continue;
    long value;
    while (fgets(line, sizeof line, file))
      if (sscanf(line, "VmRSS: %ld", &value) == 1) kb += value;
    fclose(file);
  }
  return kb / 1024;
}

/* CPU seconds stolen from the whole machine: tells how noisy the window was. */
static double stolen_s(void) {
  unsigned long user, nice, system, idle_ticks, wait, irq, soft, steal = 0;
  FILE *file = fopen("/proc/stat", "r");
  if (!file) return 0;
  if (fscanf(file, "cpu %lu %lu %lu %lu %lu %lu %lu %lu", &user, &nice, &system, &idle_ticks, &wait, &irq, &soft, &steal) != 8)
    steal = 0;
  fclose(file);
  return steal / (double)sysconf(_SC_CLK_TCK);
}

static double own_cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void send_all(Conn *c, const void *data, size_t length) {
  if (send(c->fd, data, length, MSG_NOSIGNAL) != (ssize_t)length) die("short send");
}

/* One masked text frame. */
static void send_text(Conn *c, const char *text) {
  static unsigned char frame[8192];
  const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  size_t length = strlen(text), head = 2;
  frame[0] = 0x81;
  if (length < 126) frame[1] = 0x80 | length;
  else {
    frame[1] = 0x80 | 126;
    frame[2] = length >> 8;
    frame[3] = length;
    head = 4;
  }
  memcpy(frame + head, mask, 4);
  head += 4;
  for (size_t i = 0; i < length; i++) frame[head + i] = text[i] ^ mask[i & 3];
  send_all(c, frame, head + length);
}

static void send_connect(Conn *c) {
  char text[4096];
  if (token_count > 0) snprintf(text, sizeof text, "{\"id\":1,\"connect\":{\"token\":\"%s\"}}", tokens[opened % token_count]);
  else strcpy(text, "{\"id\":1,\"connect\":{}}");
  c->state = AUTHENTICATING;
  send_text(c, text);
}

/* The channel of the subscription that a connection is about to make, or is making. */
static int current_channel(Conn *c) {
  int nth = subscriptions_each - c->subscriptions_left;
  return (c->index * subscriptions_each + nth) % channels;
}

static void send_subscribe(Conn *c) {
  char text[512], recovery[128] = "";
  int nth = subscriptions_each - c->subscriptions_left, channel = current_channel(c);
  if (place_count)
    snprintf(recovery, sizeof recovery, ",\"recover\":true,\"offset\":%lu,\"epoch\":\"%s\"", (unsigned long)places[channel].offset,
             places[channel].epoch);
  snprintf(text, sizeof text, "{\"id\":%d,\"subscribe\":{\"channel\":\"%s%d\"%s}}", 2 + nth, channel_prefix, channel, recovery);
  c->state = SUBSCRIBING;
  send_text(c, text);
}

/* The payload of every publication: 128 bytes with the time in it. */
static const char *payload(void) {
  static char text[160], padding[95];
  if (!padding[0]) memset(padding, 'x', 94);
  snprintf(text, sizeof text, "{\"t\":\"%020lu\",\"p\":\"%s\"}", (unsigned long)now_ns(), padding);
  return text;
}

static void send_socket_publish(Conn *c) {
  char text[512];
  c->started_ns = now_ns();
  snprintf(text, sizeof text, "{\"id\":9,\"publish\":{\"channel\":\"%s%d\",\"data\":%s}}", channel_prefix, c->index % channels, payload());
  send_text(c, text);
}

static unsigned next_channel = 0, next_user = 0;

/* One publish request, or one batch of them; with --mint the request for one user's token. */
static void send_http_request(Conn *c) {
  static char body[1 << 18], request[(1 << 18) + 1024];
  const char *method = mint ? "token" : batch > 1 ? "batch" : "publish";
  int length = 0;
  if (mint) length += sprintf(body, "{\"userId\":\"user_%u\"}", next_user++ % 100000);
  if (batch > 1) length += sprintf(body, "{\"commands\":[");
  for (int i = 0; i < batch && !mint; i++) {
    if (batch > 1) length += sprintf(body + length, "%s{\"publish\":", i ? "," : "");
    length += sprintf(body + length, "{\"channel\":\"%s%u\",\"data\":%s}", channel_prefix, next_channel++ % channels, payload());
    if (batch > 1) length += sprintf(body + length, "}");
  }
  if (batch > 1) length += sprintf(body + length, "]}");
  int total = sprintf(request, "POST %s/%s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\n%s%sContent-Length: %d\r\n\r\n%s",
                      api, method, port, auth, *auth ? "\r\n" : "", length, body);
  c->started_ns = now_ns();
  send_all(c, request, total);
}

static void send_upgrade(Conn *c) {
  char text[512];
  int length = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        path, port);
  c->state = UPGRADING;
  send_all(c, text, length);
}

static void open_conn(Conn *c) {
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  c->state = CONNECTING;
  c->subscriptions_left = subscriptions_each;
  c->rest_length = 0;
  c->last_offset = 0;
  c->started_ns = now_ns();
  if (connect(c->fd, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS) die("connect");
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
  opened++;
  in_flight++;
}

/* ── receiving ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static void become_ready(Conn *c) {
  c->state = READY;
  in_flight--;
  if (!storm) {
    ready++;
    return;
  }
  if (latency_count < latency_capacity) latencies_us[latency_count++] = (now_ns() - c->started_ns) / 1000;
  c->state = LEAVING;
  shutdown(c->fd, SHUT_WR); /* as when the process of a client ends */
}

/* The server has closed its side too. The reset only spares this machine the socket in TIME-WAIT. */
static void leave(Conn *c) {
  struct linger reset = {1, 0};
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(c->fd);
  c->state = DEAD;
  storms_done++;
  if (opened < storm) open_conn(c);
}

static void lose(Conn *c, const char *why) {
  if (c->state == READY) ready--;
  else in_flight--;
  if (lost++ < 5) fprintf(stderr, "connection %d lost (%s, state %d, errno %d)\n", c->index, why, c->state, errno);
  close(c->fd);
  c->state = DEAD;
}

static void check_offset(Conn *c, char *message, size_t length) {
  char *at = memmem(message, length, "\"offset\":", 9);
  if (!at) return;
  uint64_t offset = strtoull(at + 9, NULL, 10);
  if (c->last_offset && offset != c->last_offset + 1) fail("a gap or a repeat in the stream", message, length);
  c->last_offset = offset;
}

/* The answer names the offset of each missed publication, and somewhere beside them the one that was asked for. */
static void check_recovery(Conn *c, char *reply, size_t length) {
  int channel = current_channel(c);
  uint64_t expected = places[channel].offset + 1, top = places[channel].top, named = 0;
  if (!memmem(reply, length, "\"recovered\":true", 16)) fail("not recovered", reply, length);
  for (char *at = reply; (at = memmem(at, reply + length - at, "\"offset\":", 9)); named++) {
    at += 9;
    uint64_t offset = strtoull(at, NULL, 10);
    if (offset == expected) expected++;
    else if (offset != places[channel].offset) fail("a gap in what was recovered", at - 9, reply + length - at + 9);
  }
  if (expected != top + 1 || named != top - places[channel].offset + 1) fail("recovered too much or too little", reply, length);
  messages += top - places[channel].offset;
}

static void on_messages(Conn *c, char *text, size_t length, uint64_t received_ns) {
  char *end = text + length;
  for (char *from = text; from < end;) {
    char *newline = memchr(from, '\n', end - from), *to = newline ? newline : end;
    if (to - from <= 2) {
      if (to > from) send_text(c, "{}"); /* a ping among messages */
    } else {
      messages++;
      if (check) check_offset(c, from, to - from);
      if (received_ns) {
        char *at = memmem(from, to - from, "\"t\":\"", 5);
        uint64_t sent_ns = at ? strtoull(at + 5, NULL, 10) : 0;
        if (sent_ns && received_ns > sent_ns) note_latency((received_ns - sent_ns) / 1000);
      }
    }
    from = to + 1;
  }
}

static void on_text(Conn *c, char *text, size_t length, uint64_t received_ns) {
  if (length <= 2) return send_text(c, "{}");
  if (c->state == READY) {
    frames++;
    if (!publish_over_socket) return on_messages(c, text, length, received_ns);
    if (memmem(text, length, "\"error\"", 7)) fail("error reply", text, length);
    if (!memmem(text, length, "\"id\":9", 6)) return;
    messages++;
    note_latency((now_ns() - c->started_ns) / 1000);
    return send_socket_publish(c);
  }
  if (memmem(text, length, "\"error\"", 7)) fail("error reply", text, length);
  if (memmem(text, length, "\"push\"", 6) && !memmem(text, length, "\"id\":", 5)) return;
  if (c->state == SUBSCRIBING) {
    if (place_count) check_recovery(c, text, length);
    c->subscriptions_left--;
  }
  if (c->subscriptions_left > 0) send_subscribe(c);
  else become_ready(c);
}

/* Parses complete frames; returns the first byte that was not used. NULL: the connection is gone or another one now. */
static char *on_frames(Conn *c, char *from, char *end, uint64_t received_ns) {
  while (end - from >= 2) {
    unsigned char *head = (unsigned char *)from;
    size_t length = head[1] & 0x7f, skip = 2;
    if (length == 126) {
      if (end - from < 4) break;
      length = head[2] << 8 | head[3];
      skip = 4;
    } else if (length == 127) {
      if (end - from < 10) break;
      length = 0;
      for (int i = 2; i < 10; i++) length = length << 8 | head[i];
      skip = 10;
    }
    if ((size_t)(end - from) < skip + length) break;
    int opcode = head[0] & 15;
    if (opcode == 8) {
      lose(c, "close frame");
      return NULL;
    }
    if (opcode == 9) send_all(c, (unsigned char[]){0x8a, 0x80, 1, 2, 3, 4}, 6);
    else on_text(c, from + skip, length, received_ns);
    if (c->state == DEAD || c->state == CONNECTING || c->state == LEAVING) return NULL;
    from += skip + length;
  }
  return from;
}

/* Reads whole HTTP answers of a publisher and sends the next request. */
static char *on_answers(Conn *c, char *from, char *end) {
  for (;;) {
    char *head_end = memmem(from, end - from, "\r\n\r\n", 4);
    if (!head_end) return from;
    if (memcmp(from, "HTTP/1.1 200", 12)) fail("request answered", from, end - from);
    char *length_at = memmem(from, head_end - from, "ontent-", 7);
    while (length_at && strncasecmp(length_at, "ontent-length:", 14)) length_at = memmem(length_at + 1, head_end - length_at - 1, "ontent-", 7);
    if (!length_at) fail("an answer without Content-Length", from, head_end - from);
    size_t length = strtoul(length_at + 14, NULL, 10);
    if ((size_t)(end - head_end - 4) < length) return from;
    if (memmem(head_end, length + 4, "\"error\"", 7)) fail("request refused", head_end + 4, length);
    from = head_end + 4 + length;
    requests++;
    if (subscribers == 0) note_latency((now_ns() - c->started_ns) / 1000);
    if (rate == 0) send_http_request(c);
  }
}

static void on_readable(Conn *c) {
  static char buffer[1 << 20];
  if (c->rest_length) memcpy(buffer, c->rest, c->rest_length);
  ssize_t received = recv(c->fd, buffer + c->rest_length, (1 << 18), 0);
  if (c->state == LEAVING) return received == 0 ? leave(c) : (void)0;
  if (received <= 0) {
    if (received == 0 || errno != EAGAIN) lose(c, received ? "recv" : "end of stream");
    return;
  }
  char *from = buffer, *end = buffer + c->rest_length + received;
  c->rest_length = 0;
  reads++;
  bytes += received;
  if (c->kind == PUBLISHER) from = on_answers(c, from, end);
  else {
    if (c->state == UPGRADING) {
      char *head_end = memmem(from, end - from, "\r\n\r\n", 4);
      if (head_end) {
        if (memcmp(from, "HTTP/1.1 101", 12)) fail("upgrade refused", from, end - from);
        from = head_end + 4;
        send_connect(c);
      }
    }
    if (c->state != UPGRADING) from = on_frames(c, from, end, measuring && c->index % sample == 0 ? now_ns() : 0);
  }
  if (!from || from == end) return;
  c->rest_length = end - from;
  c->rest = realloc(c->rest, c->rest_length);
  memcpy(c->rest, from, c->rest_length);
}

static void on_connected(Conn *c) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) {
    errno = error;
    die("connect");
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
  if (c->kind == SUBSCRIBER) return send_upgrade(c);
  c->state = READY;
  in_flight--;
}

static void turn(int wait_ms) {
  static struct epoll_event events[16384];
  int count = epoll_wait(epoll_fd, events, is_lazy ? 16384 : 1024, wait_ms);
  for (int i = 0; i < count; i++) {
    Conn *c = events[i].data.ptr;
    if (c->state == DEAD) continue;
    if (c->state == CONNECTING) {
      if (events[i].events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) on_connected(c);
    } else on_readable(c);
  }
}

/* ── the run ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t publishing_since_ns = 0, published = 0;

/* Sends what is due at the wanted rate, over the publishers in turn. */
static void publish_what_is_due(void) {
  if (rate == 0 || publishing_since_ns == 0) return;
  uint64_t due = (now_ns() - publishing_since_ns) / 1e9 * rate / batch;
  if (due > published + rate) published = due - 1; /* overloaded: skip, build no endless debt */
  for (; published < due; published++) send_http_request(&conns[subscribers + published % publishers]);
}

/* --lazy: looks at the sockets only every so often, so that one read takes many messages: a nearly free client. */
static void run_for(double seconds) {
  uint64_t until = now_ns() + seconds * 1e9;
  while (now_ns() < until) {
    if (is_lazy) usleep(lazy_ms * 1000);
    turn(is_lazy ? 0 : rate > 0 ? 1 : 20);
    publish_what_is_due();
  }
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static uint32_t percentile(double part) {
  return latency_count ? latencies_us[(size_t)(latency_count * part) < latency_count ? (size_t)(latency_count * part) : latency_count - 1] : 0;
}

/* Data segments that have arrived on all subscribers' sockets. */
static uint64_t segments_in(void) {
  uint64_t segments = 0;
  for (int i = 0; i < subscribers; i++) {
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    if (conns[i].state == READY && getsockopt(conns[i].fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) segments += info.tcpi_data_segs_in;
  }
  return segments;
}

static int run_storm(void) {
  double before = server_cpu_s();
  uint64_t from = now_ns();
  for (int i = 0; i < concurrency && opened < storm; i++) open_conn(&conns[i]);
  while (storms_done < storm && now_ns() - from < 120ull * 1000000000ull) turn(100);
  double seconds = (now_ns() - from) / 1e9;
  usleep(50000);
  double cpu = server_cpu_s() - before;
  qsort(latencies_us, latency_count, 4, by_value);
  printf("{\"connects\":%d,\"seconds\":%.3f,\"perSecond\":%.0f,\"cpuUs\":%.2f,\"p50Us\":%u,\"p99Us\":%u}\n", storms_done, seconds,
         storms_done / seconds, cpu / storms_done * 1e6, percentile(0.5), percentile(0.99));
  return storms_done == storm ? 0 : 1;
}

static int run_window(double rss_before_mb) {
  double before = server_cpu_s();
  uint64_t from = now_ns();
  for (int i = 0; i < publishers; i++) open_conn(&conns[subscribers + i]);
  int wanted = subscribers;
  while (ready < wanted && !lost) {
    while (opened - publishers < subscribers && in_flight < window_size) open_conn(&conns[opened - publishers]);
    turn(100);
    if (now_ns() - from > 60ull * 1000000000ull) {
      fprintf(stderr, "setting up timed out: %d of %d ready\n", ready, wanted);
      return 1;
    }
  }
  double setup_s = (now_ns() - from) / 1e9;
  if (idle) {
    double cpu = server_cpu_s() - before;
    run_for(duration_s);
    double rss_mb = server_rss_mb();
    printf("{\"n\":%d,\"rssBeforeMb\":%.1f,\"rssMb\":%.1f,\"kbEach\":%.2f,\"setupS\":%.3f,\"setupCpuUs\":%.1f,\"recovered\":%lu,\"lost\":%d}\n",
           subscribers, rss_before_mb, rss_mb, (rss_mb - rss_before_mb) * 1024 / subscribers, setup_s, cpu / subscribers * 1e6,
           (unsigned long)messages, lost);
    return lost ? 1 : 0;
  }
  run_for(0.3);
  if (use_signal)
    for (int i = 0; i < pid_count; i++) kill(pids[i], SIGUSR2);
  is_lazy = lazy_ms > 0;
  double rate_asked = rate;
  if (warm_up_rate > 0) rate = warm_up_rate;
  publishing_since_ns = now_ns();
  if (publish_over_socket)
    for (int i = 0; i < subscribers; i++) send_socket_publish(&conns[i]);
  if (rate == 0)
    for (int i = 0; i < publishers; i++) send_http_request(&conns[subscribers + i]);
  run_for(warm_up_s);
  if (warm_up_rate > 0) {
    rate = rate_asked;
    published = 0;
    publishing_since_ns = now_ns();
    run_for(0.5); /* what is still under way belongs to the warm-up */
  }

  measuring = 1;
  latency_count = 0;
  uint64_t messages_before = messages, frames_before = frames, reads_before = reads, requests_before = requests, bytes_before = bytes, segments_before = segments_in();
  double own_before = own_cpu_s(), stolen_before = stolen_s();
  before = server_cpu_s();
  from = now_ns();
  run_for(duration_s);
  double cpu_s = server_cpu_s() - before, seconds = (now_ns() - from) / 1e9, own = own_cpu_s() - own_before;
  uint64_t delivered = messages - messages_before, framed = frames - frames_before, answered = requests - requests_before;
  uint64_t segments = segments_in() - segments_before;
  qsort(latencies_us, latency_count, 4, by_value);
  printf("{\"n\":%d,\"seconds\":%.3f,\"delivered\":%lu,\"perSecond\":%.0f,\"requests\":%lu,\"requestsPerSecond\":%.0f,"
         "\"cpuUsPerMessage\":%.4f,\"cpuUsPerRequest\":%.3f,\"cpuPercent\":%.0f,\"clientPercent\":%.0f,\"perFrame\":%.2f,"
         "\"perWrite\":%.2f,\"perRead\":%.2f,\"bytesPerMessage\":%.0f,\"p50Us\":%u,\"p99Us\":%u,\"maxUs\":%u,\"rssMb\":%.1f,\"lost\":%d,\"stolenPercent\":%.0f}\n",
         subscribers, seconds, (unsigned long)delivered, delivered / seconds, (unsigned long)answered, answered / seconds,
         delivered ? cpu_s / delivered * 1e6 : 0, answered ? cpu_s / answered * 1e6 : 0, cpu_s / seconds * 100, own / seconds * 100,
         framed ? (double)delivered / framed : 0, segments ? (double)delivered / segments : 0, reads > reads_before ? (double)delivered / (reads - reads_before) : 0,
         delivered ? (double)(bytes - bytes_before) / delivered : 0, percentile(0.5), percentile(0.99), percentile(1), server_rss_mb(), lost,
         (stolen_s() - stolen_before) / seconds * 100);
  return lost ? 1 : 0;
}

static void read_tokens(const char *name) {
  FILE *file = fopen(name, "r");
  if (!file) die(name);
  char line[2048];
  while (token_count < 4096 && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\r\n")] = 0;
    if (line[0]) tokens[token_count++] = strdup(line);
  }
  fclose(file);
}

static void read_places(const char *name) {
  FILE *file = fopen(name, "r");
  if (!file) die(name);
  while (place_count < MAX_PLACES) {
    unsigned long offset, top;
    if (fscanf(file, "%lu %63s %lu", &offset, places[place_count].epoch, &top) != 3) break;
    places[place_count].offset = offset;
    places[place_count++].top = top;
  }
  fclose(file);
}

static void read_options(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *name = argv[i];
#define VALUE(option) (!strcmp(name, option) && i + 1 < argc)
    if (VALUE("--port")) port = atoi(argv[++i]);
    else if (VALUE("--n")) subscribers = atoi(argv[++i]);
    else if (VALUE("--channels")) channels = atoi(argv[++i]);
    else if (VALUE("--channel-prefix")) channel_prefix = argv[++i];
    else if (VALUE("--subscriptions")) subscriptions_each = atoi(argv[++i]);
    else if (VALUE("--path")) path = argv[++i];
    else if (VALUE("--api")) api = argv[++i];
    else if (VALUE("--auth")) auth = argv[++i];
    else if (VALUE("--tokens")) read_tokens(argv[++i]);
    else if (VALUE("--recover")) read_places(argv[++i]);
    else if (VALUE("--publishers")) publishers = atoi(argv[++i]);
    else if (VALUE("--rate")) rate = atof(argv[++i]);
    else if (VALUE("--batch")) batch = atoi(argv[++i]);
    else if (VALUE("--warm-up")) warm_up_s = atof(argv[++i]);
    else if (VALUE("--warm-up-rate")) warm_up_rate = atof(argv[++i]);
    else if (VALUE("--seconds")) duration_s = atof(argv[++i]);
    else if (VALUE("--sample")) sample = atoi(argv[++i]);
    else if (VALUE("--storm")) storm = atoi(argv[++i]);
    else if (VALUE("--concurrency")) concurrency = atoi(argv[++i]);
    else if (VALUE("--lazy")) lazy_ms = atof(argv[++i]);
    else if (!strcmp(name, "--pub")) publish_over_socket = 1;
    else if (!strcmp(name, "--signal")) use_signal = 1;
    else if (!strcmp(name, "--idle")) idle = 1;
    else if (!strcmp(name, "--check")) check = 1;
    else if (!strcmp(name, "--mint")) mint = 1;
    else if (VALUE("--pids")) {
      for (char *one = strtok(argv[++i], ","); one && pid_count < 64; one = strtok(NULL, ",")) pids[pid_count++] = atoi(one);
    } else {
      fprintf(stderr, "unknown option %s\n", name);
      exit(2);
    }
  }
  if (batch < 1 || batch > 1000 || mint) batch = 1;
  if (place_count && place_count < channels) {
    fprintf(stderr, "--recover names %d channels of %d\n", place_count, channels);
    exit(2);
  }
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  epoll_fd = epoll_create1(0);
  latencies_us = malloc(latency_capacity * sizeof *latencies_us);
  int total = storm ? concurrency : subscribers + publishers;
  conns = calloc(total, sizeof *conns);
  for (int i = 0; i < total; i++) {
    conns[i].index = i;
    conns[i].kind = !storm && i >= subscribers ? PUBLISHER : SUBSCRIBER;
  }
  return storm ? run_storm() : run_window(server_rss_mb());
}
