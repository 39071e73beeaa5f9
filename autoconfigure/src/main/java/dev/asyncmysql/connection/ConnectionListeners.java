package dev.asyncmysql.connection;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import reactor.core.Exceptions;

/**
 * Those who hear of the connections to one server. Whoever has something to tell asks
 * {@link #isEmpty()} first, so that nothing is measured for nobody.
 */
final class ConnectionListeners {

	private static final Log logger = LogFactory.getLog(ConnectionListeners.class);

	private final List<ConnectionListener> listeners = new CopyOnWriteArrayList<>();

	private volatile boolean needValues;

	synchronized void add(ConnectionListener listener) {
		this.listeners.add(listener);
		this.needValues = this.listeners.stream().anyMatch(ConnectionListener::needsValues);
	}

	synchronized void remove(ConnectionListener listener) {
		this.listeners.remove(listener);
		this.needValues = this.listeners.stream().anyMatch(ConnectionListener::needsValues);
	}

	boolean needValues() {
		return this.needValues;
	}

	boolean isEmpty() {
		return this.listeners.isEmpty();
	}

	void tell(Consumer<ConnectionListener> event) {
		for (ConnectionListener listener : this.listeners) {
			try {
				event.accept(listener);
			}
			catch (Throwable ex) {
				Exceptions.throwIfJvmFatal(ex);
				logger.warn("A listener has failed", ex);
			}
		}
	}

}
