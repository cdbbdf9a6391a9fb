/*
 * reference-sender: what sending costs at least on this machine. A fan-out server with none of the work of a real one:
 * it answers just enough of the protocol for loadgen, then hands each publication to every subscriber with one send().
 *
 *   reference-sender PORT RATE BURST
 *
 * RATE publications a second (0: as fast as it can), BURST of them at a time, which are merged into one send() per
 * subscriber. Publishing starts on SIGUSR2. Subscribers of any channel get the publications of `bench0`.
 *
 * Build: cc -O2 -o reference-sender reference-sender.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FDS = 65536 };
static int subscribers[MAX_FDS], subscriber_count = 0;
static char is_upgraded[MAX_FDS];
static char *pending;
static size_t pending_length = 0, pending_capacity = 0;
static uint64_t offset = 0;
static volatile sig_atomic_t is_publishing = 0;

static void on_signal(int number) {
  (void)number;
  is_publishing = 1;
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void forget(int fd) {
  for (int i = 0; i < subscriber_count; i++)
    if (subscribers[i] == fd) subscribers[i--] = subscribers[--subscriber_count];
  is_upgraded[fd] = 0;
  close(fd);
}

static void reply(int fd, const char *text) {
  unsigned char frame[160];
  size_t length = strlen(text);
  frame[0] = 0x81;
  frame[1] = length;
  memcpy(frame + 2, text, length);
  (void)!send(fd, frame, length + 2, MSG_NOSIGNAL);
}

static void on_command(int fd, char *text) {
  char answer[120], *id_at = strstr(text, "\"id\":");
  int id = id_at ? atoi(id_at + 5) : 0;
  if (strstr(text, "\"connect\"")) {
    snprintf(answer, sizeof answer, "{\"id\":%d,\"connect\":{\"client\":\"x\",\"ping\":25,\"pong\":true}}", id);
  } else if (strstr(text, "\"subscribe\"")) {
    subscribers[subscriber_count++] = fd;
    snprintf(answer, sizeof answer, "{\"id\":%d,\"subscribe\":{}}", id);
  } else return;
  reply(fd, answer);
}

static void on_readable(int fd) {
  static unsigned char buffer[65536];
  /* loadgen always sends the key of RFC 6455 §1.3, so the answer to it is a constant. */
  static const char upgrade[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  ssize_t received = recv(fd, buffer, sizeof buffer - 1, 0);
  if (received <= 0) {
    if (received == 0 || errno != EAGAIN) forget(fd);
    return;
  }
  if (!is_upgraded[fd]) {
    is_upgraded[fd] = 1;
    (void)!send(fd, upgrade, sizeof upgrade - 1, MSG_NOSIGNAL);
    return;
  }
  for (unsigned char *at = buffer, *end = buffer + received; end - at >= 6;) {
    size_t length = at[1] & 127, head = 2;
    if (length == 126) {
      length = at[2] << 8 | at[3];
      head = 4;
    }
    unsigned char *mask = at + head, *data = mask + 4;
    if (data + length > end) break;
    for (size_t i = 0; i < length; i++) data[i] ^= mask[i & 3];
    if ((at[0] & 15) == 8) return forget(fd);
    unsigned char saved = data[length];
    data[length] = 0;
    on_command(fd, (char *)data);
    data[length] = saved;
    at = data + length;
  }
}

/* Appends the frame of one publication to what every subscriber is owed: the same 128 bytes of payload as loadgen's. */
static void publish(void) {
  static char padding[95];
  if (!padding[0]) memset(padding, 'x', 94);
  char body[512];
  int length = snprintf(body, sizeof body,
                        "{\"push\":{\"channel\":\"bench0\",\"pub\":{\"data\":{\"t\":\"%020lu\",\"p\":\"%s\"},\"offset\":%lu}}}",
                        (unsigned long)now_ns(), padding, (unsigned long)++offset);
  if (pending_length + length + 4 > pending_capacity) {
    pending_capacity = (pending_length + length + 4) * 2;
    pending = realloc(pending, pending_capacity);
  }
  unsigned char *frame = (unsigned char *)pending + pending_length;
  frame[0] = 0x81;
  frame[1] = 126;
  frame[2] = length >> 8;
  frame[3] = length;
  memcpy(frame + 4, body, length);
  pending_length += length + 4;
}

static void flush(void) {
  for (int i = 0; i < subscriber_count; i++) {
    const char *from = pending;
    size_t left = pending_length;
    while (left) {
      ssize_t sent = send(subscribers[i], from, left, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) {
        if (errno != EAGAIN) break;
        struct pollfd writable = {subscribers[i], POLLOUT, 0};
        poll(&writable, 1, 200);
        continue;
      }
      from += sent;
      left -= sent;
    }
  }
  pending_length = 0;
}

static void accept_all(int listener, int epoll_fd) {
  int fd, one = 1;
  while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    is_upgraded[fd] = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: reference-sender PORT RATE BURST\n");
    return 2;
  }
  int port = atoi(argv[1]), burst = atoi(argv[3]), one = 1;
  double rate = atof(argv[2]);
  signal(SIGUSR2, on_signal);
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
    perror("bind");
    return 1;
  }
  int epoll_fd = epoll_create1(0);
  struct epoll_event events[512], event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  printf("listening\n");
  fflush(stdout);

  uint64_t started = 0, published = 0;
  for (;;) {
    int wait_ms = !is_publishing ? 100 : rate == 0 ? 0 : 1;
    int count = epoll_wait(epoll_fd, events, 512, wait_ms);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener) accept_all(listener, epoll_fd);
      else on_readable(events[i].data.fd);
    }
    if (!is_publishing) continue;
    if (!started) started = now_ns();
    uint64_t due = rate == 0 ? published + burst : (now_ns() - started) / 1e9 * rate;
    if (due > published + rate + burst) published = due - burst; /* overloaded: skip, build no endless debt */
    for (; published + burst <= due; published += burst) {
      for (int i = 0; i < burst; i++) publish();
      flush();
    }
  }
}
