# A client, a gateway and a server in network namespaces, with nginx on the server. Sourced by the demo and the benchmark.
#
#   client  10.91.0.2, fd91:0:0:1::2      gateway  10.91.0.1 | 198.51.100.1      server  198.51.100.10, 2001:db8:91::10
#
# Names of everything begin with $lab, so that nothing of the host is touched.

lab=${lab:-weir-lab}
lab_dir=${lab_dir:-$(mktemp -d "${TMPDIR:-/tmp}/$lab.XXXXXX")}
client=$lab-client gateway=$lab-gateway server=$lab-server

in_ns() { ip netns exec "$@"; }

lab_up() {
    local ns
    for ns in "$client" "$gateway" "$server"; do
        ip netns add "$ns"
        in_ns "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        ip -n "$ns" link set lo up
    done
    ip link add c0 netns "$client" type veth peer name inside netns "$gateway"
    ip link add s0 netns "$server" type veth peer name outside netns "$gateway"
    ip -n "$client" addr add 10.91.0.2/24 dev c0
    ip -n "$client" addr add fd91:0:0:1::2/64 dev c0 nodad
    ip -n "$gateway" addr add 10.91.0.1/24 dev inside
    ip -n "$gateway" addr add fd91:0:0:1::1/64 dev inside nodad
    ip -n "$gateway" addr add 198.51.100.1/24 dev outside
    ip -n "$gateway" addr add 2001:db8:91::1/64 dev outside nodad
    ip -n "$server" addr add 198.51.100.10/24 dev s0
    ip -n "$server" addr add 2001:db8:91::10/64 dev s0 nodad
    local pair
    for pair in "$client c0" "$gateway inside" "$gateway outside" "$server s0"; do
        ip -n "${pair% *}" link set "${pair#* }" up
    done
    ip -n "$client" route add default via 10.91.0.1
    ip -n "$client" -6 route add default via fd91:0:0:1::1
    ip -n "$server" route add default via 198.51.100.1
    ip -n "$server" -6 route add default via 2001:db8:91::1
    in_ns "$gateway" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# lab_web: nginx with two names on one address, HTTP and HTTPS, and a port that no policy names.
lab_web() {
    mkdir -p "$lab_dir/www"
    echo 'hello from the server' >"$lab_dir/www/index.html"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=weir.example \
        -keyout "$lab_dir/key.pem" -out "$lab_dir/cert.pem" 2>/dev/null
    cat >"$lab_dir/nginx.conf" <<END
worker_processes 1;
pid $lab_dir/nginx.pid;
error_log $lab_dir/nginx.log;
user root;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $lab_dir/body; proxy_temp_path $lab_dir/proxy; fastcgi_temp_path $lab_dir/fastcgi;
    uwsgi_temp_path $lab_dir/uwsgi; scgi_temp_path $lab_dir/scgi;
    server {
        listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl; listen 8080;
        server_name www.example.com www.denied.test;
        ssl_certificate $lab_dir/cert.pem; ssl_certificate_key $lab_dir/key.pem;
        root $lab_dir/www;
    }
}
END
    in_ns "$server" nginx -c "$lab_dir/nginx.conf"
}

lab_down() {
    [[ -s $lab_dir/nginx.pid ]] && kill "$(cat "$lab_dir/nginx.pid")" 2>/dev/null
    local ns
    for ns in "$client" "$gateway" "$server"; do ip netns del "$ns" 2>/dev/null; done
    rm -rf "$lab_dir"
    return 0
}
