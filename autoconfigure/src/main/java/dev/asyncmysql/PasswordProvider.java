package dev.asyncmysql;

import org.reactivestreams.Publisher;

/**
 * Supplies the password for each new connection, in place of
 * {@code async-mysql.password}: for tokens that expire, such as those of Amazon RDS or
 * Azure, and for passwords that rotate. Declare it as a bean.
 */
@FunctionalInterface
public interface PasswordProvider {

	/**
	 * Return the password for a connection that is about to be opened. It is asked once
	 * for each connection and must not block. A publisher that is empty, fails, or does
	 * not answer within the connect timeout fails that attempt to connect and nothing
	 * else.
	 * @return a publisher of one password
	 */
	Publisher<String> getPassword();

}
