package dev.asyncmysql.benchmarks.raw;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

import dev.asyncmysql.benchmarks.peer.PeerFactory;

/**
 * As much of MySQL's protocol as it takes to log in with {@code caching_sha2_password},
 * where the server knows the password already, and to ask for the number one.
 */
final class RawConnection implements AutoCloseable {

	private static final String PLUGIN = "caching_sha2_password";

	/**
	 * CLIENT_LONG_PASSWORD, _CONNECT_WITH_DB, _PROTOCOL_41, _SECURE_CONNECTION,
	 * _PLUGIN_AUTH.
	 */
	private static final int CAPABILITIES = 1 | 8 | 1 << 9 | 1 << 15 | 1 << 19;

	private static final int UTF8MB4 = 45;

	private static final int END = 0xFE;

	private static final byte[] SELECT_ONE = packet(0, "\u0003SELECT 1".getBytes(StandardCharsets.US_ASCII));

	private final Socket socket;

	private final DataInputStream in;

	private final OutputStream out;

	private RawConnection(Socket socket) throws IOException {
		this.socket = socket;
		this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
		this.out = socket.getOutputStream();
	}

	static RawConnection open(PeerFactory.Target target) throws IOException {
		Socket socket = new Socket(target.host(), target.port());
		socket.setTcpNoDelay(true);
		RawConnection connection = new RawConnection(socket);
		try {
			connection.logIn(target);
			return connection;
		}
		catch (IOException ex) {
			connection.close();
			throw ex;
		}
	}

	private void logIn(PeerFactory.Target target) throws IOException {
		ByteBuffer greeting = ByteBuffer.wrap(read());
		int version = 1;
		while (greeting.get(version) != 0) {
			version++;
		}
		byte[] nonce = new byte[20];
		greeting.position(version + 1 + 4).get(nonce, 0, 8);
		greeting.position(version + 1 + 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10).get(nonce, 8, 12);
		ByteBuffer response = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
		response.putInt(CAPABILITIES).putInt(1 << 24).put((byte) UTF8MB4).put(new byte[23]);
		putString(response, target.user());
		byte[] scramble = scramble(target.password(), nonce);
		response.put((byte) scramble.length).put(scramble);
		putString(response, target.database());
		putString(response, PLUGIN);
		this.out.write(packet(1, Arrays.copyOf(response.array(), response.position())));
		byte[] answer = read();
		// 1, 3: the server knows the password; the packet after that says that all is
		// well.
		if (answer[0] == 1 && answer[1] == 3) {
			answer = read();
		}
		if (answer[0] != 0) {
			throw new IOException("The server did not accept the password at once: " + Arrays.toString(answer));
		}
	}

	void selectOne() throws IOException {
		this.out.write(SELECT_ONE);
		byte[] row = {};
		int ends = 0;
		while (ends < 2) {
			byte[] packet = read();
			if ((packet[0] & 0xFF) == END && packet.length < 9) {
				ends++;
			}
			else {
				row = packet;
			}
		}
		if (row.length != 2 || row[1] != '1') {
			throw new IOException("The answer is not 1 but " + Arrays.toString(row));
		}
	}

	private byte[] read() throws IOException {
		int header = Integer.reverseBytes(this.in.readInt());
		byte[] payload = new byte[header & 0xFFFFFF];
		this.in.readFully(payload);
		return payload;
	}

	private static byte[] packet(int sequence, byte[] payload) {
		return ByteBuffer.allocate(4 + payload.length)
			.order(ByteOrder.LITTLE_ENDIAN)
			.putInt(payload.length | sequence << 24)
			.put(payload)
			.array();
	}

	private static void putString(ByteBuffer buffer, String value) {
		buffer.put(value.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
	}

	private static byte[] scramble(String password, byte[] nonce) {
		byte[] once = sha256(password.getBytes(StandardCharsets.UTF_8));
		byte[] mask = sha256(sha256(once), nonce);
		for (int i = 0; i < once.length; i++) {
			once[i] ^= mask[i];
		}
		return once;
	}

	private static byte[] sha256(byte[]... parts) {
		try {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			Arrays.stream(parts).forEach(digest::update);
			return digest.digest();
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
