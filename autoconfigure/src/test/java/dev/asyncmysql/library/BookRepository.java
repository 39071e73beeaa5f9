package dev.asyncmysql.library;

import reactor.core.publisher.Flux;

import org.springframework.data.repository.reactive.ReactiveCrudRepository;

/**
 * The books.
 */
public interface BookRepository extends ReactiveCrudRepository<Book, Long> {

	/**
	 * Find books whose title begins with a text.
	 * @param prefix the text
	 * @return the books, by title
	 */
	Flux<Book> findByTitleStartingWithOrderByTitle(String prefix);

}
