package dev.asyncmysql.connection;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * How many open connections of one server each event loop serves, the side connection
 * included. All methods may be called from any thread, and none blocks.
 */
public final class EventLoops {

	private final Map<String, AtomicInteger> connections = new ConcurrentHashMap<>();

	private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();

	EventLoops() {
	}

	/**
	 * Tell the name of each event loop that has served a connection, now or from the time
	 * that it does so first. One may be told twice.
	 * @param listener called by any thread, which must not be blocked
	 */
	public void forEach(Consumer<String> listener) {
		this.listeners.add(listener);
		this.connections.keySet().forEach(listener);
	}

	/**
	 * Return how many open connections an event loop serves.
	 * @param name the event loop's name, which is its thread's
	 * @return the number, zero for an unknown name
	 */
	public int connections(String name) {
		AtomicInteger count = this.connections.get(name);
		return (count != null) ? count.get() : 0;
	}

	void opened(String name) {
		AtomicInteger first = new AtomicInteger();
		AtomicInteger known = this.connections.putIfAbsent(name, first);
		((known != null) ? known : first).incrementAndGet();
		if (known == null) {
			this.listeners.forEach((listener) -> listener.accept(name));
		}
	}

	void closed(String name) {
		AtomicInteger count = this.connections.get(name);
		if (count != null) {
			count.decrementAndGet();
		}
	}

}
